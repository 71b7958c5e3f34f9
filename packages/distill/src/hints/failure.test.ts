import { expect, test } from 'vitest';
import { segment, worldEpisode } from './__fixtures__/worlds.js';
import { failureOf, stepsOf } from './failure.js';

test.each([
  ['\nObservation: You see it.\n', 'You see it.'],
  [' You see it.\n', 'You see it.'],
  ['\n<tool_response>\nYou see it.\n</tool_response>\n', 'You see it.'],
  ['\n\n<observation>You see it.</observation>\n\n', 'You see it.'],
])('an observation without what formats put around it: %j', (text, observation) => {
  const trajectory = worldEpisode({ turns: [['look', '?']] });
  const segments = trajectory.segments.map((one) => (one.kind === 'observation' ? { ...one, text } : one));
  expect(stepsOf({ ...trajectory, segments })).toEqual([{ command: 'look', observation, executed: true }]);
});

test('categories by the names of the tasks, or of the published runs', () => {
  const of = (type: unknown, compat?: 'reference') =>
    failureOf({ trajectory: worldEpisode({ task: { metadata: { type } } }), ...(compat ? { compat } : {}) }).category;
  expect(of('pick_two_obj_and_place')).toBe('pick_two_obj_and_place');
  expect(of('pick_two_obj_and_place', 'reference')).toBe('puttwo');
  expect(of('grocery', 'reference')).toBe('food');
  expect(of('constructor', 'reference')).toBe('constructor');
  expect(of(3)).toBeNull();
});

test('a turn whose prefix is a segment of its own is one turn', () => {
  const trajectory = worldEpisode({
    turns: [
      ['look', 'a desk'],
      ['open desk 1', 'a mug'],
    ],
  });
  const separated = trajectory.segments.flatMap((one, index) =>
    index === 1 ? [segment('policy', 'Action:'), segment('policy', ' look')] : [one],
  );
  expect(stepsOf({ ...trajectory, segments: separated })).toEqual(stepsOf(trajectory));
  expect(stepsOf(trajectory).map(({ observation }) => observation)).toEqual(['a desk', 'a mug']);
});
