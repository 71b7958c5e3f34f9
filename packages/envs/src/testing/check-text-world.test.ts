import { EnvironmentError } from '@dgpo/trajectory';
import { describe, expect, test } from 'vitest';
import { type CorridorState, corridorTask, corridorWorld } from '../__fixtures__/corridor-world.js';
import type { TextWorld, WorldStep } from '../text-world/text-world.js';
import { checkTextWorld } from './check-text-world.js';

const tasks = [corridorTask(2), corridorTask(5)];
type World = TextWorld<CorridorState>;
type Step = WorldStep<CorridorState>;

const stepping = (change: (step: Step, state: CorridorState, command: string) => Step): Partial<World> => ({
  step: (state, command) => change(corridorWorld.step(state, command), state, command),
});

test('a world that keeps the contract passes, with any seed', () => {
  for (let seed = 0; seed < 20; seed++) checkTextWorld({ world: corridorWorld, tasks, seed });
});

test('there must be a task', () => {
  expect(() => checkTextWorld({ world: corridorWorld, tasks: [] })).toThrow('no task to check it with');
});

describe('finds a world that', () => {
  let calls = 0;
  const broken: Record<string, [Partial<World>, string]> = {
    'holds what JSON cannot': [
      stepping((step) => ({ ...step, state: { ...step.state, hasKey: undefined as unknown as boolean } })),
      'a state does not survive JSON',
    ],
    'starts otherwise the next time': [
      {
        start: (task) => {
          const { state } = corridorWorld.start(task);
          calls += 1;
          return { state, observation: `visitor ${calls}` };
        },
      },
      'a task must start the same every time',
    ],
    'changes the state it is given': [
      {
        step: (state, command) => {
          const step = corridorWorld.step(state, command);
          if (step.executed) state.place += 1;
          return step;
        },
      },
      'step must not change the state it is given, but did for "go left"',
    ],
    'changes the state when it lists commands': [
      {
        admissibleCommands: (state) => {
          const commands = corridorWorld.admissibleCommands(state);
          state.door += 1;
          return commands;
        },
      },
      'admissibleCommands must not change the state it is given',
    ],
    'changes the state when it asks the expert': [
      {
        expert: (state) => {
          const command = corridorWorld.expert(state);
          state.hasKey = true;
          return command;
        },
      },
      'expert must not change the state it is given',
    ],
    'remembers what was played outside its state': [
      stepping((step) => {
        calls += 1;
        return { ...step, observation: `${step.observation} Step ${calls}.` };
      }),
      'played again from the start, ',
    ],
    'keeps a part of its state that is lost on disk': [
      {
        step: (() => {
          const first = new WeakSet<object>();
          return (state: CorridorState, command: string) => {
            const step = corridorWorld.step(state, command);
            const next = { ...step.state };
            first.add(next);
            const known = first.has(state) || state.place === 1;
            return { ...step, state: next, observation: known ? step.observation : 'Where am I?' };
          };
        })(),
      },
      'played again from a stored state, ',
    ],
    'throws for a command it does not know': [
      stepping((step, _, command) => {
        if (!step.executed) throw new Error(`what is ${command}?`);
        return step;
      }),
      'step must not throw, but did for ',
    ],
    'lists commands out of order': [
      { admissibleCommands: (state) => corridorWorld.admissibleCommands(state).reverse() },
      'admissible commands must be sorted, each once',
    ],
    'lists a command that it does not carry out': [
      { admissibleCommands: (state) => [...corridorWorld.admissibleCommands(state), 'zip'] },
      'an admissible command must be carried out, but "zip" was not',
    ],
    'pays too much': [
      stepping((step) => (step.result === null ? step : { ...step, result: { correct: true, reward: 2 } })),
      'a reward must be from 0 to 1, but is 2',
    ],
    'has an expert that fails': [
      { expert: ({ place, door }) => (place === door ? 'leave' : 'go right') },
      'the expert must get reward 1, but got 0.25',
    ],
    'has an expert that walks about': [
      { expert: ({ place }) => (place === 1 ? 'go right' : 'go left') },
      'the expert must be done within 50 commands',
    ],
    'has an expert that does nothing': [
      { expert: () => 'wait' },
      'the expert\'s command must be carried out, but "wait" was not',
    ],
  };

  test.each(Object.entries(broken))('%s', (_, [parts, rule]) => {
    const check = () => checkTextWorld({ world: { ...corridorWorld, ...parts }, tasks });
    expect(check).toThrow(EnvironmentError);
    expect(check).toThrow(rule);
    expect(check).toThrow('world corridor, task corridor-');
  });
});
