import { createRandom, DatasetError, type Task } from '@dgpo/trajectory';
import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { kitchenGame, taskOf } from './__fixtures__/kitchen-game.js';
import { createHouseholdGames } from './generate/create-household-games.js';
import { createHousehold } from './household.js';
import type { HouseholdState } from './types.js';

const tasks: readonly Task[] = [taskOf(kitchenGame()), ...createHouseholdGames({ seed: 11, perFamily: 2 })];
const world = createHousehold({ acceptBothSpellings: true });

function deepFreeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) deepFreeze(part);
  }
  return value;
}

/** States along a random walk over admissible commands, the first among them. */
function walk({ steps, seed, task }: { steps: number; seed: number; task: Task }) {
  const random = createRandom(seed);
  const states: HouseholdState[] = [world.start(task).state];
  const commands: string[] = [];
  for (let step = 0; step < steps; step++) {
    const state = states.at(-1) as HouseholdState;
    const command = random.pick(world.admissibleCommands(state));
    commands.push(command);
    states.push(world.step(state, command).state);
  }
  return { states, commands };
}

const walks = fc.record({ steps: fc.integer({ min: 0, max: 40 }), seed: fc.nat(), task: fc.constantFrom(...tasks) });
const lines = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(
      fc.constantFrom(
        'go',
        'to',
        'take',
        'move',
        'put',
        'in/on',
        'from',
        'mug',
        'fridge',
        '1',
        '2',
        'use',
        'slice',
        'with',
        '$&',
        '((',
      ),
    )
    .map((words) => words.join(' ')),
);

test.prop([walks, lines], { numRuns: 200 })(
  'no command throws, and one that is not admissible changes nothing',
  (options, line) => {
    const state = deepFreeze(walk(options).states.at(-1) as HouseholdState);
    const step = world.step(state, line);
    if (!step.executed) expect([step.state, step.observation]).toEqual([state, 'Nothing happens.']);
  },
);

test.prop([walks], { numRuns: 40 })(
  'every admissible command is carried out; the list is sorted and without doubles',
  (options) => {
    const state = deepFreeze(walk(options).states.at(-1) as HouseholdState);
    const admissible = world.admissibleCommands(state);
    expect(admissible).toEqual([...new Set(admissible)].sort());
    for (const command of admissible) expect(world.step(state, command).executed, command).toBe(true);
    expect(admissible).toContain(world.expert(state));
  },
);

test.prop([walks], { numRuns: 40 })('a state survives JSON, and the same commands read the same again', (options) => {
  const { commands, states } = walk(options);
  const { state: first } = world.start(JSON.parse(JSON.stringify(options.task)));
  let state = first;
  for (const [index, command] of commands.entries()) {
    const restored: HouseholdState = JSON.parse(JSON.stringify(state));
    expect(restored).toEqual(state);
    const [ours, theirs] = [world.step(state, command), world.step(restored, command)];
    expect(theirs).toEqual(ours);
    state = theirs.state;
    expect(state).toEqual(states[index + 1]);
  }
});

test.prop([walks], { numRuns: 30 })('objects are conserved: each is in hand or where it can be', (options) => {
  for (const state of walk(options).states) {
    expect(state.objects).toHaveLength(state.game.objects.length);
    for (const [object, { inside }] of state.objects.entries()) {
      const places = inside.length + Number(state.holding === object);
      const scanned = state.game.layout === 'FloorPlan10';
      // The scanned room has an apple in two places, and a chair and a pen in none.
      if (scanned) expect(places).toBeLessThanOrEqual(2);
      else expect(places).toBe(1);
    }
  }
});

test.prop([walks], { numRuns: 30 })('from wherever a player has come to, the expert reaches the goal', (options) => {
  const state = walk(options).states.at(-1) as HouseholdState;
  for (const expert of ['search', 'planner'] as const) {
    const player = createHousehold({ expert });
    let won = false;
    let current = state;
    for (let step = 0; step < 100 && !won; step++) {
      const next = player.step(current, player.expert(current));
      current = next.state;
      won = next.result !== null;
    }
    expect(won, expert).toBe(true);
  }
});

test.prop([fc.constantFrom(...Object.keys(kitchenGame())), fc.jsonValue()], { numRuns: 150 })(
  'a task with something else in its game plays or is refused',
  (key, value) => {
    try {
      const { state } = world.start(taskOf({ ...kitchenGame(), [key]: value }));
      expect(world.step(state, world.expert(state)).observation).not.toBe('');
    } catch (error) {
      expect(error).toBeInstanceOf(DatasetError);
    }
  },
);

test.prop([fc.constantFrom('constructor', '__proto__', 'toString'), walks], { numRuns: 20 })(
  'types named like parts of objects',
  (type, options) => {
    const game = kitchenGame();
    const strange = {
      ...game,
      receptacles: game.receptacles.map((each) => ({ ...each, type })),
      objects: game.objects.map((each) => ({ ...each, type })),
    };
    expect(() => walk({ ...options, task: taskOf(strange) })).not.toThrow();
  },
);
