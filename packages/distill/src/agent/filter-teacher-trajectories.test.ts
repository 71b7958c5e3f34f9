import type { Action, Trajectory } from '@dgpo/trajectory';
import { expect, test } from 'vitest';
import { episode } from '../__fixtures__/episodes.js';
import { createTeacherFilter, filterTeacherTrajectories } from './filter-teacher-trajectories.js';

const withActions = (trajectory: Trajectory, ...actions: Partial<Action>[]): Trajectory => ({
  ...trajectory,
  actions: actions.map((action, turn) => ({ turn, kind: 'code', text: 'x', executed: true, ...action })),
});

const trajectories = [
  withActions(episode({ task: 'a', sample: 0, turns: [[1], [2, 3]] }), { error: 'NameError' }, { answer: 'yes' }),
  episode({ task: 'a', sample: 1, turns: [[1], [2, 3]] }), // as sample 0
  episode({ task: 'a', sample: 2, turns: [[4]] }),
  episode({ task: 'a', sample: 3, turns: [[5]] }),
  episode({ task: 'b', sample: 0, correct: false }),
  episode({ task: 'b', sample: 1, endedBy: 'error' }),
  episode({ task: 'b', sample: 2, actions: ['invalid', 'answer'] }),
  episode({ task: 'c', sample: 0, endedBy: 'turns' }),
  episode({ task: 'c', sample: 1, actions: ['search', 'search', 'answer'] }),
];

test('says what became of each', () => {
  const { kept, fates, statistics } = filterTeacherTrajectories({ trajectories, maxPerTask: 2, maxTurns: 2 });
  expect(fates.map(({ id, fate }) => `${id} ${fate}`)).toEqual([
    'a#0 kept',
    'a#1 duplicate',
    'a#2 kept',
    'a#3 surplus',
    'b#0 wrong',
    'b#1 failed',
    'b#2 unreadable',
    'c#0 forced',
    'c#1 forced',
  ]);
  expect(kept).toEqual([trajectories[0], trajectories[2]]);
  expect(statistics).toEqual({
    episodes: 9,
    fates: { kept: 2, failed: 1, wrong: 1, unreadable: 1, forced: 2, duplicate: 1, surplus: 1 },
    tasks: 3,
    tasksSolved: 1,
    recovered: 1,
    meanTurns: 1.5,
    meanPolicyTokens: 2,
  });
});

test('without limits answers of any turn stay', () => {
  const { kept } = filterTeacherTrajectories({ trajectories, dedupe: false });
  expect(kept.map(({ id }) => id)).toEqual(['a#0', 'a#1', 'a#2', 'a#3', 'c#1']);
});

test('nothing in, nothing out; maxima below 1 are refused', () => {
  const { statistics } = filterTeacherTrajectories({ trajectories: [] });
  expect(statistics).toMatchObject({ episodes: 0, meanTurns: 0, meanPolicyTokens: 0, recovered: 0 });
  expect(() => createTeacherFilter({ maxTurns: 0 })).toThrow('maxTurns');
  expect(() => createTeacherFilter({ maxPerTask: 0 })).toThrow('maxPerTask');
});
