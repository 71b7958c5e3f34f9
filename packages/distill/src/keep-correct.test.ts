import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { episode } from './__fixtures__/episodes.js';
import { createCorrectFilter, keepCorrect } from './keep-correct.js';

const ids = (list: readonly { id: string }[]) => list.map(({ id }) => id);

const trajectories = [
  episode({ task: 'a', sample: 0, actions: ['search', 'answer'], turns: [[1, 2], [3]] }),
  episode({ task: 'a', sample: 1, correct: false }),
  episode({ task: 'a', sample: 2, actions: ['search', 'answer'], turns: [[1, 2], [3]] }), // as sample 0
  episode({ task: 'a', sample: 3, actions: ['invalid', 'search', 'search', 'answer'], turns: [[1], [2, 3]] }),
  episode({ task: 'b', sample: 0, turns: [[1, 2], [3]] }),
  episode({ task: 'c', sample: 0, correct: false }),
  episode({ task: 'd', sample: 0, endedBy: 'error' }),
];

describe('keepCorrect', () => {
  test('keeps correct episodes once and counts', () => {
    const { kept, statistics } = keepCorrect({ trajectories });
    expect(ids(kept)).toEqual(['a#0', 'a#3', 'b#0']);
    expect(statistics).toEqual({
      tasks: 4,
      samples: 7,
      correct: 4,
      duplicates: 1,
      kept: 3,
      tasksSolved: 2,
      meanSearches: 1, // 1, 2 and 0
      meanPolicyTokens: 3,
    });
  });

  test.each([
    { options: { dedupe: false }, expected: ['a#0', 'a#2', 'a#3', 'b#0'] },
    { options: { maxPerTask: 1 }, expected: ['a#0', 'b#0'] },
    { options: { maxEpisodes: 2 }, expected: ['a#0', 'a#3'] },
    { options: { requireValidActions: true }, expected: ['a#0', 'b#0'] },
  ])('$options', ({ options, expected }) => {
    expect(ids(keepCorrect({ trajectories, ...options }).kept)).toEqual(expected);
  });

  test('logs without token ids are told apart by their text', () => {
    const asText = (task: string, text: string, sample: number) => {
      const made = episode({ task, sample });
      return { ...made, segments: [{ kind: 'policy' as const, text }] };
    };
    const { kept, statistics } = keepCorrect({
      trajectories: [asText('a', 'x', 0), asText('a', 'y', 1), asText('a', 'x', 2)],
    });
    expect(ids(kept)).toEqual(['a#0', 'a#1']);
    expect(statistics.meanPolicyTokens).toBe(0);
  });

  test('nothing in, nothing out', () => {
    const { kept, statistics } = keepCorrect({ trajectories: [] });
    expect(kept).toEqual([]);
    expect(Object.values(statistics)).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
  });

  test('maxima below 1 are refused', () => {
    expect(() => keepCorrect({ trajectories, maxPerTask: 0 })).toThrow('maxPerTask');
    expect(() => createCorrectFilter({ maxEpisodes: 1.5 })).toThrow('maxEpisodes');
  });
});

property.prop([
  fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.boolean(), fc.array(fc.nat(2), { minLength: 1, maxLength: 3 }))),
  fc.integer({ min: 1, max: 3 }),
])('never keeps a wrong, a repeated or one too many, and the stream agrees with the list', (specs, maxPerTask) => {
  const list = specs.map(([task, correct, tokens], sample) => episode({ task, sample, correct, turns: [tokens] }));
  const { kept, statistics } = keepCorrect({ trajectories: list, maxPerTask });
  const filter = createCorrectFilter({ maxPerTask });
  expect(list.filter((trajectory) => filter.keep(trajectory))).toEqual(kept);
  expect(filter.statistics()).toEqual(statistics);
  expect(kept.every(({ outcome }) => outcome.correct)).toBe(true);
  for (const task of ['a', 'b', 'c']) {
    const different = new Set(
      list
        .filter(({ task: own, outcome }) => own.id === task && outcome.correct)
        .map(({ segments }) => segments[1]?.text),
    );
    const own = kept.filter((trajectory) => trajectory.task.id === task);
    expect(own.length).toBe(Math.min(maxPerTask, different.size));
  }
});
