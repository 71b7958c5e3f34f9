import { expect, test } from 'vitest';
import { answer, makeEpisode } from '../__fixtures__/make-episode.js';
import { compareEpisodeSets } from './compare-episode-sets.js';
import { measureTrajectory } from './measure-trajectory.js';

/** One episode a task: `1` right, `0` wrong. */
const episodes = (rights: string, tasks = 'abcdefghij') =>
  [...rights].map((right, index) =>
    measureTrajectory(
      makeEpisode({
        id: tasks[index] ?? '',
        actions: [answer(0, right === '1' ? 'sol' : 'dollar')],
        outcome: right === '1' ? {} : { correct: false, reward: 0, answer: 'dollar' },
      }),
    ),
  );

test('every set weighs the same, however many tasks it has', () => {
  const comparison = compareEpisodeSets({
    sets: [
      // 0 of 2 against 2 of 2
      { baseline: episodes('00'), candidate: episodes('11') },
      // 3 of 6 against 3 of 6, and a task of one model alone
      { baseline: episodes('111000'), candidate: episodes('1110001') },
    ],
  });
  expect(comparison).toMatchObject({ sharedTasks: 8, baselineOnlyTasks: 0, candidateOnlyTasks: 1 });
  const { exactMatch, titleRecall } = comparison.measures;
  // (0 + 1/2) / 2 and (1 + 1/2) / 2
  expect(exactMatch).toMatchObject({ baseline: 0.25, candidate: 0.75, difference: { mean: 0.5, count: 8 } });
  // The first set always differs by 1; in the second nothing differs, whatever is drawn.
  expect(exactMatch.difference).toMatchObject({ low: 0.5, high: 0.5 });
  // Two differences: the patterns ++ and -- of four.
  expect(exactMatch.pValue).toBe(0.5);
  // n = 2, min = 0: 2 · 1 / 4
  expect(comparison.mcnemar).toEqual({ baselineOnly: 0, candidateOnly: 2, pValue: 0.5 });
  expect(titleRecall.difference.count).toBe(0);
});

test('the permutation test weighs tasks as the mean does', () => {
  const comparison = compareEpisodeSets({
    sets: [
      { baseline: episodes('0'), candidate: episodes('1') },
      { baseline: episodes('1100'), candidate: episodes('0010') },
    ],
  });
  // Differences 1; −1, −1, 1, 0: the means are 1 and −1/4, that of both is 3/8.
  expect(comparison.measures.exactMatch.difference.mean).toBeCloseTo(3 / 8, 12);
  // A task of the first set counts 1/2, of the second 1/8: |±4 ± 1 ± 1 ± 1| / 8 is at least 3/8 but for 4 against three of the other
  // sign, which is 1/8: 2 of 16 patterns; and for 4 − 1 − 1 + 1 = 3 it is 3/8, which counts.
  expect(comparison.measures.exactMatch.pValue).toBe(14 / 16);
});

test('several samples leave McNemar out; no sets at all measure nothing', () => {
  const baseline = [...episodes('1'), ...episodes('0')];
  expect(compareEpisodeSets({ sets: [{ baseline, candidate: episodes('1') }] }).mcnemar).toBeNull();
  const nothing = compareEpisodeSets({ sets: [] });
  expect(nothing.sharedTasks).toBe(0);
  expect(nothing.measures.exactMatch).toMatchObject({ baseline: Number.NaN, difference: { count: 0 }, pValue: 1 });
});
