import { createHouseholdGames, type HouseholdGame } from '@dgpo/envs/household';
import { createRandom } from '@dgpo/trajectory';
import { expect, test } from 'vitest';
import { createHouseholdApprentices } from './household-world.js';
import { smallHouseholdTask } from './small-household.js';

const gameOf = (metadata: Record<string, unknown> | undefined) => metadata?.household as HouseholdGame;
const games = createHouseholdGames({ seed: 4, perFamily: 10 });

test('a small room keeps the goal, what it takes and its order, and nothing without a place', () => {
  for (const [index, task] of games.entries()) {
    const whole = gameOf(task.metadata);
    const small = gameOf(smallHouseholdTask(task, createRandom(1).split(index)).metadata);
    const names = small.receptacles.map(({ name }) => name);
    expect(small.goal).toEqual(whole.goal);
    expect(names.length).toBeGreaterThanOrEqual(4);
    expect(names.length).toBeLessThanOrEqual(7);
    expect(names).toEqual(whole.receptacles.map(({ name }) => name).filter((name) => names.includes(name)));
    expect(small.objects.filter(({ type }) => type === small.goal.object)).toHaveLength(small.goal.count);
    for (const { inside } of small.objects) expect(names).toContain(inside[0]);
  }
});

test('the same seed gives the same rooms, and unseen rooms are others', () => {
  const { tasks } = createHouseholdApprentices();
  const draw = (split: 'train' | 'unseen') => tasks({ split, count: 30, seed: 2 });
  expect(draw('train')).toEqual(draw('train'));
  const rooms = (split: 'train' | 'unseen') => new Set(draw(split).map(({ metadata }) => metadata?.layout));
  expect([...rooms('train')].filter((room) => rooms('unseen').has(room))).toEqual([]);
});
