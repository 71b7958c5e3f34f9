import { createScriptedPolicy, createSearchEnvironment, runEpisodes } from '@dgpo/envs';
import { createRetriever } from '@dgpo/retriever';
import { expect, test } from 'vitest';
import { episode } from './__fixtures__/tiny-world.js';
import { compareEvaluations } from './compare-evaluations.js';
import { describeComparison, renderComparisonReport } from './comparison-report.js';

const model = (name: string, sets: Record<string, string[]>) => ({
  model: name,
  sets: Object.entries(sets).map(([set, answers]) => ({
    name: set,
    trajectories: answers.map((answer, index) => episode(index, answer)),
  })),
});

test('pairs the questions of the sets that both have', () => {
  const baseline = model('before', { facts: ['no', 'no', 'no', 'no', 'no', 'no', 'yes', 'no'], extra: ['yes'] });
  const candidate = model('after', { facts: ['yes', 'yes', 'yes', 'yes', 'yes', 'yes', 'yes', 'no', 'yes'] });
  const comparison = compareEvaluations({ baseline, candidate });
  expect(comparison).toMatchObject({ baseline: 'before', candidate: 'after', leftOut: ['extra'] });
  const [facts] = comparison.sets;
  expect(facts?.comparison).toMatchObject({ sharedTasks: 8, candidateOnlyTasks: 1 });
  // 7 of 8 against 1 of 8
  expect(facts?.comparison.measures.exactMatch).toMatchObject({ baseline: 0.125, candidate: 0.875 });
  expect(facts?.comparison.measures.exactMatch.difference.mean).toBeCloseTo(0.75, 12);
  // Six gains, no loss: 2 / 2^6
  expect(facts?.comparison.mcnemar).toMatchObject({ candidateOnly: 6, baselineOnly: 0 });
  expect(facts?.comparison.mcnemar?.pValue).toBeCloseTo(2 / 2 ** 6, 12);
  if (facts === undefined) throw new Error('no set');
  expect(describeComparison(facts.comparison)).toEqual([
    '8 shared questions, 1 of one model alone left out.',
    'Exact match, McNemar: 6 right only in the candidate, 0 only in the baseline, p = 0.031.',
  ]);
});

test('the page shows the difference in points and the questions on which the models differ', () => {
  const baseline = model('before', { facts: ['no', 'yes', 'yes', 'no'] });
  const candidate = model('after', { facts: ['yes', 'no', 'yes', 'no'] });
  const comparison = compareEvaluations({ baseline, candidate });
  const html = renderComparisonReport({ comparison, baseline, candidate });
  expect(html).toContain('+0.0 points');
  expect(html.match(/<details class="transcript"/g)).toHaveLength(2);
  expect(html).toContain('✗ before');
  expect(html).toContain('✓ after');
  const few = renderComparisonReport({ comparison, baseline, candidate, transcripts: 1 });
  expect(few.match(/<details class="transcript"/g)).toHaveLength(1);
});

test('nothing in common is an error that names what there is', () => {
  const baseline = model('before', { facts: ['no'] });
  expect(() => compareEvaluations({ baseline, candidate: model('after', { fiction: ['no'] }) })).toThrow(
    'no set in common: before has facts, after has fiction',
  );
  const others = { model: 'after', sets: [{ name: 'facts', trajectories: [episode(9, 'no')] }] };
  expect(() => compareEvaluations({ baseline, candidate: others })).toThrow('no question of the set facts');
});

test('episodes straight from the loop are compared as they are', async () => {
  const retriever = await createRetriever({
    documents: [{ id: '0', contents: 'Peru\nThe sol is the money of Peru.' }],
  });
  const environment = createSearchEnvironment({ retriever });
  const tasks = [{ id: 'q1', question: 'What money is used in Peru?', goldenAnswers: ['sol'] }];
  const play = async (name: string, turns: string[]) => {
    const policy = createScriptedPolicy({ name, script: ({ turn }) => turns[turn] ?? '' });
    return {
      model: name,
      sets: [{ name: 'money', trajectories: await runEpisodes({ environment, policy, tasks, seed: 0 }) }],
    };
  };
  const { sets } = compareEvaluations({
    baseline: await play('guesser', ['<answer>dollar</answer>']),
    candidate: await play('reader', ['<search>money of Peru</search>', '<answer>sol</answer>']),
  });
  const measures = sets[0]?.comparison.measures;
  expect(measures?.exactMatch.difference.mean).toBe(1);
  expect(measures?.executedSearches).toMatchObject({ baseline: 0, candidate: 1 });
  expect(measures?.firstQueryAnswerHit).toMatchObject({ baseline: 0, candidate: 1 });
});
