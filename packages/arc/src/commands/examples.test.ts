import { expect, test } from 'vitest';
import { answer, makeEpisode, search } from '../__fixtures__/make-episode.js';
import { measureTrajectory } from '../measures/measure-trajectory.js';
import { createExamples } from './examples.js';

const wrong = { correct: false, reward: 0, answer: 'peso' };
const kinds = {
  guess: makeEpisode({ id: 'guess', actions: [answer(0, 'peso')], outcome: wrong }),
  silent: makeEpisode({ id: 'silent', outcome: { ...wrong, answer: null, endedBy: 'turns' } }),
  right: makeEpisode({ id: 'right', actions: [answer(0, 'sol')] }),
  searched: makeEpisode({ id: 'searched', actions: [search(0, 'money', []), answer(1, 'sol')] }),
  ungraded: makeEpisode({ id: 'ungraded', task: { goldenAnswers: [] }, outcome: wrong }),
};

function choose(names: (keyof typeof kinds)[], count: number): string[] {
  const examples = createExamples(count);
  for (const name of names) examples.add({ trajectory: kinds[name], measures: measureTrajectory(kinds[name]) });
  return examples.chosen().map(({ trajectory }) => trajectory.task.id);
}

test('one of each cause and kind of success before a second one, in the order of the log', () => {
  const log = ['guess', 'guess', 'guess', 'right', 'silent', 'searched', 'ungraded'] as const;
  expect(choose([...log], 5)).toEqual(['guess', 'right', 'silent', 'searched', 'ungraded']);
  expect(choose([...log], 6)).toEqual(['guess', 'guess', 'right', 'silent', 'searched', 'ungraded']);
  expect(choose([...log], 100)).toEqual([...log]);
  expect(choose([...log], 0)).toEqual([]);
  expect(choose([], 3)).toEqual([]);
});
