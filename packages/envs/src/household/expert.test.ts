import { expect, test } from 'vitest';
import { kitchenGame } from './__fixtures__/kitchen-game.js';
import { expertCommand } from './expert.js';
import { createHousehold } from './household.js';
import { startGame } from './start-game.js';
import type { HouseholdGame, HouseholdGoal } from './types.js';

/** The expert's commands to the goal, at most 50. */
function solve(game: HouseholdGame, { expert = 'search' }: { expert?: 'search' | 'planner' } = {}): string[] | null {
  const world = createHousehold({ expert });
  const commands: string[] = [];
  for (let state = startGame(game); commands.length < 50; ) {
    commands.push(world.expert(state));
    const step = world.step(state, commands.at(-1) ?? '');
    if (step.result) return commands;
    state = step.state;
  }
  return null;
}

test('the planner goes straight to things, the searcher opens what it comes by', () => {
  const game = kitchenGame({ object: 'apple', condition: 'hot' });
  const straight = [
    'go to countertop 1',
    'take apple 2 from countertop 1',
    'go to microwave 1',
    'heat apple 2 with microwave 1',
  ];
  const finish = ['go to fridge 1', 'open fridge 1', 'move apple 2 to fridge 1'];
  expect(solve(game, { expert: 'planner' })).toEqual([...straight, ...finish]);
  expect(solve(game)).toEqual([...straight, ...finish]);
  const mug = kitchenGame({ object: 'mug' });
  // Cabinet 3 is open, and what lies in it is known without a search once one stands there.
  expect(solve(mug)?.slice(0, 3)).toEqual(['go to cabinet 3', 'take mug 2 from cabinet 3', 'go to sinkbasin 1']);
});

test('the searcher knows what it has been shown, and nothing else', () => {
  const game = kitchenGame();
  const state = startGame(game);
  const hidden = { ...state, objects: state.objects.map((object) => ({ ...object, inside: [] })) };
  expect(expertCommand(hidden, { omniscient: false })).toBe(expertCommand(state, { omniscient: false }));
});

test.each<[string, Partial<HouseholdGoal>]>([
  ['a slice', { object: 'apple', condition: null, sliced: true }],
  ['a hot slice', { object: 'potato', condition: 'hot', sliced: true }],
  ['two slices', { object: 'apple', condition: null, sliced: true, count: 2 }],
  ['two things', { object: 'mug', condition: null, count: 2 }],
  ['light', { object: 'pen', receptacle: null, lamp: 'desklamp', condition: null }],
  ['light on a book', { object: 'book', receptacle: null, lamp: 'desklamp', condition: null }],
])('solves a goal of %s', (name, goal) => {
  const game = kitchenGame(goal);
  // The pen lies in a mug only, where nothing can be taken from.
  const solvable = name !== 'light';
  for (const expert of ['search', 'planner'] as const) expect(solve(game, { expert }) !== null, expert).toBe(solvable);
});

test('puts down what is of no use first', () => {
  const world = createHousehold();
  let { state } = world.start({
    id: 'kitchen',
    question: '',
    goldenAnswers: [],
    metadata: { household: kitchenGame() },
  });
  for (const command of ['go to countertop 1', 'take book 1 from countertop 1', 'go to fridge 1'])
    state = world.step(state, command).state;
  const commands: string[] = [];
  for (let won = false; !won && commands.length < 50; ) {
    commands.push(world.expert(state));
    const step = world.step(state, commands.at(-1) ?? '');
    state = step.state;
    won = step.result !== null;
  }
  expect(commands.slice(0, 2)).toEqual(['go to cabinet 3', 'move book 1 to cabinet 3']);
  expect(commands.at(-1)).toBe('move mug 2 to fridge 1');
});

test('gives up with "look" where no search helps', () => {
  const game = kitchenGame({ object: 'teapot', condition: null });
  const seen = { ...startGame(game), seen: game.receptacles.map(() => true) };
  expect(expertCommand(seen, { omniscient: false })).toBe('look');
  expect(expertCommand({ ...seen, holding: 0 }, { omniscient: true })).not.toBe('');
});
