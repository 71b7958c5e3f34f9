import { findHintTraces, hintsOf, removeHints } from '@dgpo/distill/hints';
import { createByteTokenizer } from '@dgpo/envs';
import { createRandom } from '@dgpo/trajectory';
import { expect, test } from 'vitest';
import type { HouseholdSkill } from './household-skills.js';
import { createHouseholdApprentices } from './household-world.js';
import { hintsFor } from './lesson-hints.js';
import { apprenticeRow, copyingRow, playApprentices, playLessons } from './play-apprentices.js';

const world = createHouseholdApprentices({ limitScale: 8 });
const tasks = world.tasks({ split: 'train', count: 30, seed: 3 });
const tokenizer = createByteTokenizer();

test('a row has the tokens of the episode; what was written counts, what was read a little, the prompt not', async () => {
  const [episode] = await playApprentices({
    world,
    tasks: tasks.slice(0, 1),
    lessonFor: () => ({ hints: ['Never mind.'], skills: new Set<HouseholdSkill>() }),
  });
  if (episode === undefined) throw new Error('no episode');
  const kept = episode.segments.slice(0, episode.outcome.correct ? undefined : 17);
  const { mask, tokenIds, weights } = apprenticeRow(episode);
  expect([...tokenIds]).toEqual(kept.flatMap(({ tokenIds: ids = [] }) => [...ids]));
  const [prompt, ...rest] = kept;
  expect(prompt?.text).toContain('- Never mind.');
  expect([...mask]).toEqual(kept.flatMap(({ tokenIds: ids = [] }, index) => ids.map(() => (index === 0 ? 0 : 1))));
  const expected = rest.flatMap(({ kind, tokenIds: ids = [] }) => ids.map(() => (kind === 'policy' ? 1 : 0.1)));
  expect([...weights]).toEqual(expected.map(Math.fround));
});

test('lessons are drawn from the seed', async () => {
  const play = () => playLessons({ world, tasks, count: 6, random: createRandom(9) });
  const texts = (await play()).map(({ segments }) => segments.map(({ text }) => text).join(''));
  expect((await play()).map(({ segments }) => segments.map(({ text }) => text).join(''))).toEqual(texts);
  expect(new Set(texts).size).toBeGreaterThan(1);
});

test('the hints of a task call for all that it needs, and can be taken out of its episodes', async () => {
  const episodes = await playApprentices({
    world,
    tasks,
    lessonFor: (task) => {
      const hints = hintsFor(world, task);
      return { hints, skills: new Set(hints.flatMap((hint) => world.hints[hint] ?? [])) };
    },
  });
  const plain = episodes.map((trajectory) =>
    removeHints({ trajectory, promptOf: (task) => world.environment.start({ task, tokenizer }).segments[0] }),
  );
  const won = episodes.filter(({ outcome }) => outcome.correct);
  expect(won.length / episodes.length).toBeGreaterThanOrEqual(0.9);
  const hints = episodes.flatMap(({ task }) => hintsOf(task));
  expect(hints.length).toBeGreaterThan(tasks.length);
  expect(findHintTraces({ trajectories: episodes, hints }).length).toBeGreaterThan(0);
  expect(findHintTraces({ trajectories: plain, hints })).toEqual([]);
});

test('a copying exercise says everything twice, and only the second time counts', async () => {
  const { mask, tokenIds, weights } = copyingRow(
    await playLessons({ world, tasks, count: 4, random: createRandom(2) }),
    createRandom(3),
  );
  const half = tokenIds.length / 2;
  expect(half).toBeGreaterThan(10);
  expect([...tokenIds.slice(half)]).toEqual([...tokenIds.slice(0, half)]);
  expect([...mask]).toEqual([...tokenIds.keys()].map((index) => (index < half ? 0 : 1)));
  expect(weights).toHaveLength(half);
});
