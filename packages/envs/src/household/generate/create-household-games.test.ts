import { ConfigError, createRandom, encodeTask, type Task, taskSchema } from '@dgpo/trajectory';
import { expect, test } from 'vitest';
import { abilitiesOf, receptacleContents } from '../domain.js';
import { createHousehold, householdMaxSteps } from '../household.js';
import { type HouseholdGame, householdFamilies } from '../types.js';
import { createHouseholdGames } from './create-household-games.js';

const gameOf = (task: Task) => task.metadata?.household as HouseholdGame;
const layoutsOf = (tasks: readonly Task[]) => new Set(tasks.map((task) => gameOf(task).layout));
const train = createHouseholdGames({ seed: 0 });

/** Plays commands to the end or the limit, and says whether they reach the goal. */
function wins(
  task: Task,
  choose: (state: ReturnType<typeof world.start>['state']) => string,
  world = createHousehold(),
): boolean {
  let { state } = world.start(task);
  for (let turn = 0; turn < householdMaxSteps; turn++) {
    const step = world.step(state, choose(state));
    if (step.result) return step.result.reward === 1 && step.result.correct;
    state = step.state;
  }
  return false;
}

test('a hundred games of each family, each of them once', () => {
  for (const family of householdFamilies)
    expect(train.filter(({ metadata }) => metadata?.type === family)).toHaveLength(100);
  expect(new Set(train.map(({ id }) => id)).size).toBe(600);
  expect(new Set(train.map((task) => JSON.stringify(gameOf(task)))).size).toBe(600);
});

test('the same seed gives the same games, another seed others', () => {
  expect(createHouseholdGames({ seed: 5, perFamily: 2 })).toEqual(createHouseholdGames({ seed: 5, perFamily: 2 }));
  expect(createHouseholdGames({ seed: 5, perFamily: 2 })).not.toEqual(createHouseholdGames({ seed: 6, perFamily: 2 }));
});

test('more games leave the first ones as they are', () => {
  const few = createHouseholdGames({ seed: 5, perFamily: 2 }).map(({ id }) => id);
  const many = new Set(createHouseholdGames({ seed: 5, perFamily: 4 }).map(({ id }) => id));
  expect(few.every((id) => many.has(id))).toBe(true);
});

test('unseen rooms occur in no other split, seen ones are those of training', () => {
  const seen = layoutsOf(train);
  const unseen = layoutsOf(createHouseholdGames({ seed: 0, split: 'valid_unseen' }));
  expect([...unseen].filter((layout) => seen.has(layout))).toEqual([]);
  expect(new Set([...seen, ...unseen].map((layout) => layout.split('-')[0]))).toEqual(
    new Set(['kitchen', 'livingroom', 'bedroom', 'bathroom']),
  );
  const validSeen = createHouseholdGames({ seed: 0, perFamily: 20, split: 'valid_seen' });
  expect([...layoutsOf(validSeen)].filter((layout) => unseen.has(layout))).toEqual([]);
  expect(validSeen.filter((task) => train.some(({ question }) => question === task.question)).length).toBeGreaterThan(
    0,
  );
});

test('games of a room share its furniture', () => {
  const byLayout = new Map<string, string>();
  for (const task of train) {
    const { layout, receptacles } = gameOf(task);
    const furniture = JSON.stringify(receptacles);
    expect(byLayout.get(layout) ?? furniture).toBe(furniture);
    byLayout.set(layout, furniture);
  }
});

test.each([
  ['full', 0],
  ['small', 20],
] as const)('of 24 %s rooms that training has not, so many are furnished like one that it has: %i', (size, alike) => {
  const seenGames = size === 'full' ? train : createHouseholdGames({ seed: 0, size });
  const unseenGames = createHouseholdGames({ seed: 0, size, split: 'valid_unseen' });
  const furnitureOf = (tasks: readonly Task[]) =>
    new Map(tasks.map((task) => [gameOf(task).layout, JSON.stringify(gameOf(task).receptacles)]));
  const seen = new Set(furnitureOf(seenGames).values());
  const unseen = [...furnitureOf(unseenGames).values()];
  expect(unseen).toHaveLength(24);
  expect(unseen.filter((furniture) => seen.has(furniture))).toHaveLength(alike);
  const roomOf = (task: Task) => JSON.stringify([gameOf(task).receptacles, gameOf(task).objects]);
  const rooms = new Set(seenGames.map(roomOf));
  expect(unseenGames.filter((task) => rooms.has(roomOf(task)))).toEqual([]);
});

test('floor lamps, slices and things in cups or plates are left out', () => {
  const games = [...train, ...createHouseholdGames({ seed: 0, size: 'small' })].map(gameOf);
  expect(games.filter(({ goal }) => goal.sliced || goal.lamp === 'floorlamp')).toEqual([]);
  const objects = games.flatMap((game) => game.objects);
  expect(
    objects.filter(({ type, is, contents }) => /^floorlamp$|sliced$/.test(type) || is.length + contents.length > 0),
  ).toEqual([]);
});

test('things lie where things of their type may lie, and are what they are', () => {
  const classes = new Map(
    Object.entries(receptacleContents).flatMap(([name, contents]) =>
      [name, ...contents, 'DeskLamp'].map((each) => [each.toLowerCase(), each]),
    ),
  );
  for (const task of train) {
    const { objects, receptacles } = gameOf(task);
    for (const { can, inside, type } of objects) {
      expect(can).toEqual(abilitiesOf(classes.get(type) ?? ''));
      const place = receptacles.find(({ name }) => name === inside[0])?.type ?? '';
      const holds = receptacleContents[classes.get(place) ?? ''] ?? [];
      if (type === 'desklamp') expect(['desk', 'sidetable', 'dresser']).toContain(place);
      else expect(holds.map((name) => name.toLowerCase())).toContain(type);
    }
  }
});

test.each([0, 1, 2])('both experts solve every game of seed %i within the limit', (seed) => {
  for (const split of ['train', 'valid_unseen'] as const) {
    const tasks = seed === 0 && split === 'train' ? train : createHouseholdGames({ seed, perFamily: 20, split });
    for (const expert of ['search', 'planner'] as const) {
      const world = createHousehold({ expert });
      expect(tasks.filter((task) => !wins(task, world.expert, world)).map(({ id }) => id)).toEqual([]);
    }
  }
});

test('random admissible commands solve less than one game in twenty', () => {
  const world = createHousehold();
  const random = createRandom(1);
  const won = train.filter((task) => wins(task, (state) => random.pick(world.admissibleCommands(state))));
  expect(won.length / train.length).toBeLessThan(0.05);
});

test('a task survives its file', () => {
  const [task] = train;
  if (!task) throw new Error('no task');
  const read = taskSchema.parse(JSON.parse(JSON.stringify(encodeTask(task))));
  expect(createHousehold().start(read)).toEqual(createHousehold().start(task));
});

test.each([0, -1, 1.5, 10_001, Number.NaN])('refuses %d games per family', (perFamily) => {
  expect(() => createHouseholdGames({ seed: 0, perFamily })).toThrow(ConfigError);
});

test('small rooms have little in them, and every family is played in them to the end', () => {
  const games = createHouseholdGames({ seed: 3, perFamily: 25, size: 'small' });
  expect(games).toHaveLength(150);
  expect(new Set(games.map(({ id }) => id)).size).toBe(150);
  const { expert } = createHousehold();
  for (const task of games) {
    const { objects, receptacles } = gameOf(task);
    expect(receptacles.length).toBeLessThanOrEqual(8);
    expect(objects.length).toBeLessThanOrEqual(12);
    expect(new Set(receptacles.map(({ location }) => location)).size).toBe(receptacles.length);
    expect(wins(task, expert)).toBe(true);
  }
});

test('only the families that are asked for, each as among all', () => {
  const families = ['pick_heat_then_place_in_recep', 'look_at_obj_in_light'] as const;
  const some = createHouseholdGames({ seed: 2, perFamily: 3, families });
  const all = createHouseholdGames({ seed: 2, perFamily: 3 });
  expect(some).toEqual(families.flatMap((family) => all.filter(({ metadata }) => metadata?.type === family)));
});
