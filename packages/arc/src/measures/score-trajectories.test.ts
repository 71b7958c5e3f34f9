import { expect, test } from 'vitest';
import { answer, makeEpisode, passage, search } from '../__fixtures__/make-episode.js';
import { lmEvalResults } from '../lm-eval-results.js';
import { compareEpisodes } from './compare-episodes.js';
import { scoreTable } from './measure-table.js';
import { measureTrajectory } from './measure-trajectory.js';
import { scoreTrajectories } from './score-trajectories.js';
import { summarizeMeasures } from './summarize-measures.js';

const money = passage('Money of Peru', 'The sol is the money of Peru.');

function episode(id: string, isRight: boolean, hops: number, sample = 0) {
  return makeEpisode({
    id,
    sample,
    task: { metadata: { hops } },
    actions: [search(0, 'money', [money]), answer(1, isRight ? 'sol' : 'dollar')],
    outcome: isRight ? {} : { correct: false, reward: 0, answer: 'dollar', endedBy: 'turns' },
  });
}

const episodes = [
  episode('a', true, 1),
  episode('b', true, 1),
  episode('c', true, 2),
  episode('d', false, 2),
  episode('e', false, 10),
];

test('figures over all and by hops', () => {
  const summary = scoreTrajectories(episodes, { bootstrapSamples: 200, seed: 1 });
  expect(Object.keys(summary.groups)).toEqual(['1 hop', '2 hops', '10 hops']);
  expect(summary.overall.figures.exactMatch).toMatchObject({ mean: 0.6, count: 5 });
  expect(summary.groups['1 hop']?.figures.exactMatch).toEqual({ mean: 1, low: 1, high: 1, count: 2 });
  expect(summary.groups['2 hops']?.figures.exactMatch.mean).toBe(0.5);
  expect(summary.overall.figures.executedSearches.mean).toBe(1);
  expect(summary.overall.figures.titleRecall.count).toBe(0);
  expect(summary.overall.endedBy.turns.mean).toBe(0.4);
  expect(summary).toMatchObject({ bootstrapSamples: 200, confidence: 0.95, seed: 1 });
});

test('same seed, same figures; a key function of one’s own', () => {
  const options = { bootstrapSamples: 100, seed: 7, groupBy: () => null };
  expect(scoreTrajectories(episodes, options)).toEqual(scoreTrajectories(episodes, options));
  expect(scoreTrajectories(episodes, options).groups).toEqual({});
});

test('several samples of a question are one cluster', () => {
  const samples = [
    episode('a', true, 1, 0),
    episode('a', true, 1, 1),
    episode('b', false, 1, 0),
    episode('b', false, 1, 1),
  ];
  const { overall } = scoreTrajectories(samples, { bootstrapSamples: 2000 });
  expect(overall).toMatchObject({ episodes: 4, tasks: 2 });
  // Two clusters with means 1 and 0: a quarter of the draws is all 0 and a quarter all 1.
  expect(overall.figures.exactMatch).toEqual({ mean: 0.5, low: 0, high: 1, count: 4 });
});

test('no episodes at all', () => {
  const summary = scoreTrajectories([]);
  expect(summary.overall.figures.exactMatch.count).toBe(0);
  expect(JSON.parse(JSON.stringify(summary.overall.figures.f1))).toEqual({
    mean: null,
    low: null,
    high: null,
    count: 0,
  });
  expect(scoreTable(summary).rows).toEqual([
    ['episodes', 0],
    ['questions', 0],
  ]);
});

test('the shape of lm-eval', () => {
  const results = lmEvalResults(scoreTrajectories(episodes), { task: 'atlas', model: 'student' });
  expect(Object.keys(results.results)).toEqual(['atlas', 'atlas_1_hop', 'atlas_2_hops', 'atlas_10_hops']);
  expect(results.results.atlas?.['exact_match,none']).toBe(0.6);
  // values 1 1 1 0 0: sample variance (3 · 0.16 + 2 · 0.36) / 4 = 0.3, standard error sqrt(0.3 / 5)
  expect(results.results.atlas?.['exact_match_stderr,none']).toBeCloseTo(Math.sqrt(0.06), 12);
  expect(results.results.atlas).not.toHaveProperty('title_recall,none');
  expect(results['n-samples'].atlas_1_hop).toEqual({ original: 2, effective: 2 });
  expect(results.higher_is_better.atlas?.exact_match).toBe(true);
  expect(results.higher_is_better.atlas).not.toHaveProperty('executed_searches');
  expect(results.model_name).toBe('student');
});

test('compares on shared questions only', () => {
  const measure = (list: typeof episodes) => list.map((item) => measureTrajectory(item));
  const baseline = measure([
    episode('a', false, 1),
    episode('b', false, 1),
    episode('c', true, 1),
    episode('only', true, 1),
  ]);
  const candidate = measure([episode('c', true, 1), episode('b', true, 1), episode('a', true, 1)]);
  const comparison = compareEpisodes({ baseline, candidate });
  expect(comparison).toMatchObject({ sharedTasks: 3, baselineOnlyTasks: 1, candidateOnlyTasks: 0 });
  const { exactMatch } = comparison.measures;
  expect(exactMatch.baseline).toBeCloseTo(1 / 3, 12);
  expect(exactMatch.candidate).toBe(1);
  expect(exactMatch.difference.mean).toBeCloseTo(2 / 3, 12);
  // Two differences of 1: the patterns ++ and -- of four.
  expect(exactMatch.pValue).toBe(0.5);
  // n = 2, min = 0: 2 · 1 / 4
  expect(comparison.mcnemar).toEqual({ baselineOnly: 0, candidateOnly: 2, pValue: 0.5 });
  expect(comparison.measures.titleRecall.difference.count).toBe(0);
});

test('several samples of a question are averaged, and there is no McNemar test', () => {
  const measure = (list: typeof episodes) => list.map((item) => measureTrajectory(item));
  const baseline = measure([episode('a', false, 1, 0), episode('a', true, 1, 1)]);
  const comparison = compareEpisodes({ baseline, candidate: measure([episode('a', true, 1)]) });
  expect(comparison.measures.exactMatch.difference.mean).toBe(0.5);
  expect(comparison.mcnemar).toBeNull();
});

test('equal ids of different questions stay apart', () => {
  const other = makeEpisode({ id: 'a', task: { question: 'Something else?' } });
  expect(summarizeMeasures([measureTrajectory(episode('a', true, 1)), measureTrajectory(other)]).overall.tasks).toBe(2);
});
