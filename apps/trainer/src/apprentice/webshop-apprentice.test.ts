import { extractHints } from '@dgpo/distill/hints';
import type { Trajectory } from '@dgpo/trajectory';
import { describe, expect, test } from 'vitest';
import { hintsFor } from './lesson-hints.js';
import { playApprentices } from './play-apprentices.js';
import { type WebshopSkill, webshopHints } from './webshop-skills.js';
import { createWebshopApprentices } from './webshop-world.js';

const world = createWebshopApprentices({ limitScale: 8 });
const tasks = world.tasks({ split: 'unseen', count: 120, seed: 5 });
const play = (skills: readonly WebshopSkill[]) =>
  playApprentices({ world, tasks, lessonFor: () => ({ hints: [], skills: new Set(skills) }) });
const lost = (episodes: readonly Trajectory[]) => episodes.filter(({ outcome }) => !outcome.correct);
const hintsOf = (episodes: readonly Trajectory[]) =>
  lost(episodes).flatMap((trajectory) => extractHints({ trajectory }).map(({ hint }) => hint));

test('with what its hints call for it wins, and clicks nothing that is not there', async () => {
  const episodes = await playApprentices({
    world,
    tasks,
    lessonFor: (task) => {
      const hints = hintsFor(world, task);
      return { hints, skills: new Set(hints.flatMap((hint) => webshopHints[hint] ?? [])) };
    },
  });
  expect(lost(episodes).length / episodes.length).toBeLessThanOrEqual(0.05);
  expect(episodes.flatMap(({ actions }) => actions).filter(({ executed }) => !executed)).toEqual([]);
});

describe.each<[string, WebshopSkill, WebshopSkill[], number]>([
  ['without any skill', 'options', [], 0.5],
  ['without choosing options', 'options', ['price', 'features'], 0.5],
  ['without reading features', 'features', ['price', 'options'], 0],
  ['without minding prices, among products whose features are not read', 'price', ['options'], 0],
])('%s', (_, missing, skills, leastLost) => {
  test('it loses, and its failures give hints that call for the skill', async () => {
    const episodes = await play(skills);
    expect(lost(episodes).length).toBeGreaterThan(leastLost * episodes.length);
    const hints = hintsOf(episodes);
    expect(hints.filter((hint) => webshopHints[hint] === undefined)).toEqual([]);
    expect(hints.flatMap((hint) => webshopHints[hint] ?? [])).toContain(missing);
  });
});

test('it looks at products as they were found, and buys the first if it minds nothing', async () => {
  const [episode] = await play([]);
  expect(episode?.actions.map(({ command }) => command?.replace(/\[[a-z]{3}-[a-z]{3}\]/, '[asin]'))).toEqual([
    expect.stringMatching(/^search\[[^\n]+\]$/),
    'click[asin]',
    'click[buy now]',
  ]);
});

test('shops to practise in share no product with the others', () => {
  const asins = (split: 'train' | 'unseen') =>
    world.tasks({ split, count: 240, seed: 5 }).flatMap(({ goldenAnswers }) => goldenAnswers);
  const unseen = new Set(asins('unseen'));
  expect(asins('train').filter((asin) => unseen.has(asin))).toEqual([]);
});
