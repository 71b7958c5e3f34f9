import { DatasetError } from '@dgpo/trajectory';
import { expect, test } from 'vitest';
import { createByteTokenizer } from '../byte-tokenizer.js';
import { createTextEnvironment } from '../text-world/text-environment.js';
import { kitchenGame, taskOf } from './__fixtures__/kitchen-game.js';
import { createHousehold, type HouseholdOptions } from './household.js';
import type { HouseholdGame, HouseholdState } from './types.js';

function open(game: HouseholdGame, options: HouseholdOptions = {}) {
  const world = createHousehold(options);
  const started = world.start(taskOf(game));
  let state: HouseholdState = started.state;
  return {
    world,
    observation: started.observation,
    state: () => state,
    /** Plays commands and gives what the last one led to. */
    play(...commands: string[]) {
      const steps = commands.map((command) => {
        const step = world.step(state, command);
        state = step.state;
        return step;
      });
      const last = steps.at(-1);
      if (!last) throw new Error('no command');
      return last;
    },
  };
}

const lightGoal = { object: 'book', receptacle: null, lamp: 'desklamp', condition: null } as const;

test('begins with the furniture and the task', () => {
  expect(open(kitchenGame()).observation).toBe(
    'You are in the middle of a room. Looking quickly around you, you see a cabinet 3, a cabinet 2, a cabinet 1, a countertop 1, ' +
      'a fridge 1, a microwave 1, and a sinkbasin 1.\n\nYour task is to: put a clean mug in fridge.',
  );
});

test('cleaning a mug and putting it into the fridge wins', () => {
  const { play } = open(kitchenGame());
  expect(play('go to cabinet 3', 'take mug 2 from cabinet 3').observation).toBe(
    'You pick up the mug 2 from the cabinet 3.',
  );
  expect(play('go to sinkbasin 1', 'clean mug 2 with sinkbasin 1')).toMatchObject({
    observation: 'You clean the mug 2 using the sinkbasin 1.',
    executed: true,
    result: null,
  });
  expect(play('go to fridge 1', 'move mug 2 to fridge 1')).toMatchObject({
    observation: 'Nothing happens.',
    executed: false,
  });
  expect(play('open fridge 1').observation).toBe(
    'You open the fridge 1. The fridge 1 is open. In it, you see nothing.',
  );
  expect(play('move mug 2 to fridge 1')).toMatchObject({
    observation: 'You move the mug 2 to the fridge 1.',
    result: { correct: true, reward: 1 },
  });
});

test('a mug that is not clean does not win, and what is not cleanable does not count', () => {
  const { play } = open(kitchenGame());
  expect(
    play('go to cabinet 3', 'take mug 2 from cabinet 3', 'go to fridge 1', 'open fridge 1', 'move mug 2 to fridge 1')
      .result,
  ).toBeNull();
  const game = kitchenGame();
  const marked = game.objects.map((object) => ({ ...object, can: ['pickup'] as const, is: ['clean'] as const }));
  const other = open({ ...game, objects: marked });
  expect(
    other.play(
      'go to cabinet 3',
      'take mug 2 from cabinet 3',
      'go to fridge 1',
      'open fridge 1',
      'move mug 2 to fridge 1',
    ).result,
  ).toBeNull();
});

test('heat and cold replace each other, cleanness stays, and appliances work closed', () => {
  const { play, state } = open(kitchenGame());
  play('go to countertop 1', 'take apple 2 from countertop 1', 'clean apple 2 with sinkbasin 1', 'go to microwave 1');
  play('heat apple 2 with microwave 1');
  const apple = state().game.objects.findIndex(({ name }) => name === 'apple 2');
  expect(state().objects[apple]?.is).toEqual(['clean', 'hot']);
  play('go to fridge 1', 'cool apple 2 with fridge 1');
  expect(state().objects[apple]?.is).toEqual(['clean', 'cool']);
  expect(state().holding).toBe(apple);
});

test.each([
  [['go to countertop 1', 'use desklamp 1', 'take book 1 from countertop 1']],
  [['go to countertop 1', 'take book 1 from countertop 1', 'use desklamp 1']],
  [['go to countertop 1', 'take book 1 from countertop 1', 'go to fridge 1', 'go to sinkbasin 1', 'use desklamp 1']],
])('the light may come before or after the book: %j', (commands) => {
  const { play } = open(kitchenGame(lightGoal));
  expect(play(...commands.slice(0, -1)).result).toBeNull();
  expect(play(...commands.slice(-1)).result).toEqual({ correct: true, reward: 1 });
});

test('a lit lamp counts at its own place alone', () => {
  const { play } = open(kitchenGame(lightGoal));
  expect(play('go to countertop 1', 'use desklamp 1', 'go to fridge 1').result).toBeNull();
});

test('two of a kind have to lie in the same receptacle', () => {
  const { play } = open(kitchenGame({ object: 'apple', receptacle: 'fridge', condition: null, count: 2 }));
  const fetch = [
    'go to countertop 1',
    'open cabinet 2',
    'take apple 2 from countertop 1',
    'go to fridge 1',
    'open fridge 1',
  ];
  expect(play(...fetch, 'move apple 2 to fridge 1').result).toBeNull();
  const second = ['go to sinkbasin 1', 'take apple 1 from cabinet 2', 'move apple 1 to sinkbasin 1'];
  expect(play(...second).result).toBeNull();
  expect(play('take apple 1 from sinkbasin 1', 'go to fridge 1', 'move apple 1 to fridge 1').result?.reward).toBe(1);
});

test.each([
  'go to countertop 1',
  'go to sinkbasin 1',
  'take book 2 from countertop 1',
  'Take book 1 from countertop 1',
  'take book 1  from countertop 1',
  'take desklamp 1 from countertop 1',
  'take apple 1 from cabinet 2',
  'examine book 1',
  'close cabinet 2',
  'open countertop 1',
  'clean book 1 with sinkbasin 1',
  'slice apple 2 with knife 1',
  'move book 1 to countertop 1',
  '__proto__',
  'constructor',
  '',
])('nothing happens at the countertop for %j', (command) => {
  const { play, state } = open(kitchenGame());
  play('go to countertop 1');
  const before = state();
  expect(play(command)).toEqual({ state: before, observation: 'Nothing happens.', executed: false, result: null });
});

test('commands are trimmed, as the original does', () => {
  expect(open(kitchenGame()).play(' go to fridge 1\n').observation).toBe(
    'You arrive at fridge 1. The fridge 1 is closed.',
  );
});

test('old files say "put" and name the spot', () => {
  const game: HouseholdGame = { ...kitchenGame(), style: { place: 'put', arrive: 'location', help: false } };
  const { play, state, world } = open(game);
  expect(play('go to countertop 1').observation).toMatch(/^You arrive at loc \d+\. On the countertop 1, you see /);
  play('take knife 1 from countertop 1');
  expect(world.admissibleCommands(state())).toContain('put knife 1 in/on sinkbasin 1');
  expect(world.admissibleCommands(state())).not.toContain('help');
  expect(play('move knife 1 to sinkbasin 1').executed).toBe(false);
  expect(play('put knife 1 in/on sinkbasin 1').observation).toBe('You put the knife 1 in/on the sinkbasin 1.');
});

test.each([
  ['move', 'move OBJECT to RECEPTACLE'],
  ['put', 'put OBJECT in/on RECEPTACLE'],
] as const)('the prompt of a game that says "%s" names that command alone', async (place, grammar) => {
  const game: HouseholdGame = { ...kitchenGame(), style: { place, arrive: 'receptacle', help: true } };
  const world = createHousehold();
  const environment = createTextEnvironment({ world });
  const [prompt] = environment.start({ task: taskOf(game), tokenizer: createByteTokenizer() }).segments;
  expect(prompt?.text.match(/^(?:move|put) .*$/gm)).toEqual([grammar]);
  expect(prompt?.text.replace(grammar, 'move OBJECT to RECEPTACLE')).toContain(world.instructions);
});

test.each([
  'move knife 1 to sinkbasin 1',
  'put knife 1 in/on sinkbasin 1',
  'put knife 1 in sinkbasin 1',
  'put knife 1 on sinkbasin 1',
])('both spellings are understood on request: %s', (command) => {
  for (const place of ['move', 'put'] as const) {
    const game: HouseholdGame = { ...kitchenGame(), style: { place, arrive: 'receptacle', help: true } };
    const { play, state, world } = open(game, { acceptBothSpellings: true });
    play('go to countertop 1', 'take knife 1 from countertop 1');
    const places = world.admissibleCommands(state()).filter((each) => /^(move|put) /.test(each));
    expect(places.every((each) => each.startsWith(place))).toBe(true);
    expect(play(command).observation).toMatch(
      place === 'move' ? /^You move the knife 1 to/ : /^You put the knife 1 in\/on/,
    );
  }
});

test('slices what lies in reach with the knife in hand', () => {
  const { play, state } = open(kitchenGame({ object: 'apple', receptacle: 'fridge', condition: null, sliced: true }));
  play('go to countertop 1', 'take knife 1 from countertop 1');
  expect(play('slice apple 2 with knife 1').observation).toBe('You sliced the apple 2 with the knife 1.');
  const finish = ['move knife 1 to sinkbasin 1', 'take apple 2 from countertop 1', 'go to fridge 1', 'open fridge 1'];
  expect(play(...finish).result).toBeNull();
  expect(play('move apple 2 to fridge 1').result?.correct).toBe(true);
  expect(state().objects).toHaveLength(state().game.objects.length);
});

test.each([
  [undefined, /task kitchen: metadata\.household: expected an object/],
  [{ ...kitchenGame(), family: 'juggle' }, /metadata\.household\.family: expected one of pick_and_place_simple/],
  [{ ...kitchenGame(), receptacles: 3 }, /metadata\.household\.receptacles: expected a list/],
  [{ ...kitchenGame(), style: { place: 'throw' } }, /metadata\.household\.style\.place: expected one of move, put/],
  [{ ...kitchenGame(), start: 7 }, /metadata\.household\.start: expected a text/],
  [
    { ...kitchenGame(), objects: [{ ...kitchenGame().objects[0], inside: ['attic 1'] }] },
    /objects\[0\]\.inside\[0\]: expected the name of one of the receptacles/,
  ],
  [
    { ...kitchenGame(), receptacles: [...kitchenGame().receptacles, kitchenGame().receptacles[0]] },
    /metadata\.household\.receptacles: expected names that occur once/,
  ],
])('refuses a task that is not of this world (%#)', (game, message) => {
  const start = () => createHousehold().start(taskOf(game));
  expect(start).toThrow(DatasetError);
  expect(start).toThrow(message);
});
