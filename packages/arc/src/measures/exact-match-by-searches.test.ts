import { expect, test } from 'vitest';
import { answer, makeEpisode, search } from '../__fixtures__/make-episode.js';
import { exactMatchBySearches, searchesCurve, searchesTable } from './exact-match-by-searches.js';
import { measureTrajectory } from './measure-trajectory.js';

const episode = (id: string, searches: number, text: string | null, goldenAnswers = ['sol']) =>
  measureTrajectory(
    makeEpisode({
      id,
      task: { goldenAnswers },
      actions: [...Array.from({ length: searches }, (_, turn) => search(turn, `q${turn}`, [])), answer(9, text ?? '')],
      outcome: { answer: text },
    }),
  );

test('exact match of the episodes with so many searches', () => {
  const rows = exactMatchBySearches({
    episodes: [
      episode('a', 0, 'dollar'),
      episode('b', 2, 'sol'),
      episode('c', 2, 'the Sol'),
      episode('d', 2, null),
      episode('e', 3, 'sol'),
      episode('f', 7, 'dollar'),
      episode('g', 2, 'x', []),
    ],
    orMore: 3,
  });
  expect(rows).toEqual([
    { searches: 0, isOrMore: false, exactMatch: { mean: 0, low: 0, high: 0, count: 1 } },
    // Two of three; a resample of three is all wrong with probability 1/27 > 2.5 %
    { searches: 2, isOrMore: false, exactMatch: { mean: 2 / 3, low: 0, high: 1, count: 3 } },
    { searches: 3, isOrMore: true, exactMatch: { mean: 1 / 2, low: 0, high: 1, count: 2 } },
  ]);
  expect(searchesTable(rows).rows[2]).toEqual(['3 or more', rows[2]?.exactMatch, 2]);
  expect(searchesCurve(rows).series[0]?.points).toEqual([
    [0, 0],
    [2, 2 / 3],
    [3, 0.5],
  ]);
});

test('nothing, and a bound that is none', () => {
  expect(exactMatchBySearches({ episodes: [] })).toEqual([]);
  expect(() => exactMatchBySearches({ episodes: [], orMore: 0 })).toThrow('orMore');
});
