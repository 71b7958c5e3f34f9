import { formatTable } from '@dgpo/arc';
import { createScriptedPolicy, createSearchEnvironment, runEpisodes } from '@dgpo/envs';
import { createRetriever } from '@dgpo/retriever';
import { expect, test } from 'vitest';
import { episode } from './__fixtures__/tiny-world.js';
import { compareEvaluations } from './compare-evaluations.js';
import { describeComparison, renderComparisonReport } from './comparison-report.js';
import { costComparisonTable } from './cost/cost-table.js';
import { costReport } from './cost/evaluation-cost.js';
import { evaluationDifferences } from './evaluation-differences.js';

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
  expect(comparison).toMatchObject({ baseline: 'before', candidate: 'after', leftOut: ['extra'], overall: null });
  expect(comparison.differences).toEqual([
    'only the baseline has the sets extra',
    'facts: of 8 questions of the baseline and 9 of the candidate (golden answers included), 0 and 1 are not in the other',
  ]);
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

test('mathematics is right by equivalence; the tools of an agent do not tell questions apart', () => {
  const of = (name: string, environment: string, correct: boolean) => {
    const { task, outcome, ...rest } = episode(0, '1/2');
    const known = { ...task, metadata: { dataset_name: 'math-500' } };
    const trajectory = { ...rest, environment, task: known, outcome: { ...outcome, correct } };
    return { model: name, sets: [{ name: 'math-500', trajectories: [trajectory] }] };
  };
  const { sets } = compareEvaluations({ baseline: of('plain', 'math', false), candidate: of('code', 'code', true) });
  expect(sets[0]?.comparison).toMatchObject({
    sharedTasks: 1,
    measures: { exactMatch: { baseline: 0, candidate: 1 } },
    mcnemar: { candidateOnly: 1, baselineOnly: 0 },
  });
});

test('several sets are averaged; costs are those of the episodes unless they were measured', () => {
  const baseline = model('before', { facts: ['no', 'no'], fiction: ['yes', 'yes', 'yes', 'no'] });
  const candidate = model('after', { facts: ['yes', 'yes'], fiction: ['yes', 'yes', 'no', 'no'] });
  const measured = { set: 'facts', engine: 'wasm', peakMemoryBytes: 2 ** 20, taskId: '', modelCalls: 5, searches: 4 };
  const line = { ...measured, promptTokens: 8, policyTokens: 20, failed: false };
  const cost = costReport(['0', '1'].map((id) => ({ ...line, id, taskId: id, seconds: 3 })));
  const { overall, sets, differences } = compareEvaluations({ baseline, candidate: { ...candidate, cost } });
  expect(differences).toEqual([]);
  // Gains 1 on facts, loses 1/4 on fiction: (1 - 1/4) / 2
  expect(overall?.comparison).toMatchObject({ sharedTasks: 6, mcnemar: { candidateOnly: 2, baselineOnly: 1 } });
  expect(overall?.comparison.measures.exactMatch.difference).toMatchObject({ mean: 0.375, count: 6 });
  const [facts] = sets;
  if (facts === undefined || overall === null) throw new Error('no set');
  expect(facts.cost.candidate).toMatchObject({ secondsPerQuestion: 3, policyTokens: 40 });
  // An episode has one turn of 3 tokens and nothing before it.
  expect(facts.cost.baseline).toMatchObject({ modelCalls: 2, policyTokens: 6, promptTokens: 0, seconds: Number.NaN });
  expect(formatTable(costComparisonTable(facts.cost)).split('\n').slice(2, 5)).toEqual([
    'seconds                           –          3           –      –',
    'tokens written                    3         20          17   6.67',
    'tokens read                       0          8           8      –',
  ]);
  // Fiction was not measured, so the time of both sets together is not known.
  expect(overall.cost.candidate).toMatchObject({ questions: 6, policyTokens: 52, seconds: Number.NaN });
});

test('what differs apart from the model is told', () => {
  const [one] = model('before', { facts: ['no', 'yes'] }).sets;
  if (one === undefined) throw new Error('no set');
  const trajectories = one.trajectories.map((episode, index) => ({
    ...episode,
    task: { ...episode.task, goldenAnswers: [index === 0 ? 'yes' : 'si'] },
  }));
  const pair = {
    baseline: {
      model: 'before',
      sets: [one],
      settings: { temperature: 0, seed: 1, samplesPerTask: 1, environment: { topK: 3, promptTemplate: 'a' } },
    },
    candidate: {
      model: 'after',
      sets: [{ name: 'facts', trajectories: [...trajectories, ...trajectories] }],
      settings: { temperature: 0.7, seed: 2, maxTokens: 9, environment: { topK: 5, promptTemplate: 'b' } },
    },
  };
  expect(evaluationDifferences(pair)).toEqual([
    'facts: of 2 questions of the baseline and 2 of the candidate (golden answers included), 1 and 1 are not in the other',
    'facts: episodes per question: 1 in the baseline, 2 in the candidate',
    'temperature: 0 in the baseline, 0.7 in the candidate',
    'environment.topK: 3 in the baseline, 5 in the candidate',
  ]);
  const comparison = compareEvaluations(pair);
  expect(renderComparisonReport({ comparison, ...pair })).toContain(
    'Not the model alone differs: facts: of 2 questions',
  );
  expect(evaluationDifferences({ ...pair, candidate: pair.baseline })).toEqual([]);
  const settings = { ...pair.baseline.settings, selfConsistency: { samples: 8 } };
  expect(evaluationDifferences({ ...pair, candidate: { ...pair.baseline, settings } })).toEqual([
    'selfConsistency: null in the baseline, {"samples":8} in the candidate',
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
