import { EnvironmentError } from '@dgpo/trajectory';
import { expect, test } from 'vitest';
import type { CodeInterpreter, CodeResult, CodeTool, ToolCall } from './code-interpreter.js';
import { createInterpreterPool } from './interpreter-pool.js';
import { type CodeStep, replay } from './replay.js';

/**
 * An interpreter that remembers its actions. `ask` calls the tool, `die` ends it, `lose` forgets everything, `wait` takes a moment; the
 * value is all that it remembers.
 */
function createFakes() {
  const started: { memory: string[]; resets: number; log: string[] }[] = [];
  let running = 0;
  let most = 0;
  const start = async (): Promise<CodeInterpreter> => {
    const own = { memory: [] as string[], resets: 0, log: [] as string[] };
    started.push(own);
    let alive = true;
    return {
      language: 'python',
      get alive() {
        return alive;
      },
      async run({ code, tools = [], signal }): Promise<CodeResult> {
        most = Math.max(most, ++running);
        try {
          own.log.push(code);
          const calls: ToolCall[] = [];
          const result = { stdout: '', error: null, answer: null, calls, lost: false };
          if (code === 'wait') await new Promise((resolve) => setTimeout(resolve, 5));
          if (code === 'die') {
            alive = false;
            throw new EnvironmentError('it died');
          }
          if (code === 'lose') {
            own.memory = [];
            return { ...result, value: null, lost: true };
          }
          if (code.startsWith('ask')) {
            const given = { value: code };
            const tool = tools[0] as CodeTool;
            const value = await tool.run({ arguments: given, signal: signal ?? new AbortController().signal });
            calls.push({ name: tool.name, arguments: given, value });
            own.memory.push(`${code}=${JSON.stringify(value)}`);
          } else own.memory.push(code);
          return { ...result, value: own.memory.join(' ') };
        } finally {
          running -= 1;
        }
      },
      async reset() {
        own.memory = [];
        own.resets += 1;
      },
      async close() {
        alive = false;
      },
    };
  };
  return { started, start, most: () => most };
}

let asked = 0;
const counting: CodeTool = {
  name: 'count',
  description: '',
  parameters: ['value'],
  run: async () => ++asked,
};

/** Plays the codes of an episode on the pool, keeping its steps as an environment does. */
async function play(pool: ReturnType<typeof createInterpreterPool>, codes: readonly string[], before: CodeStep[] = []) {
  const steps = [...before];
  const values: (string | null)[] = [];
  for (const code of codes) {
    const { value, calls, lost } = await pool.run({ steps, code, tools: [counting] });
    values.push(value);
    if (!lost) steps.push({ code, calls });
  }
  return { steps, values };
}

test('an episode stays with its interpreter; the next one gets it clean', async () => {
  const { start, started } = createFakes();
  const pool = createInterpreterPool({ start, size: 1 });
  expect((await play(pool, ['a', 'b', 'c'])).values).toEqual(['a', 'a b', 'a b c']);
  expect(started[0]?.resets).toBe(0);
  expect((await play(pool, ['d'])).values).toEqual(['d']);
  expect(started[0]?.resets).toBe(1);
  expect(started).toHaveLength(1);
});

test('many episodes on few interpreters see their own past alone, and tools are asked once', async () => {
  const { start, started, most } = createFakes();
  const pool = createInterpreterPool({ start, size: 2 });
  asked = 0;
  const episodes = await Promise.all(
    ['a', 'b', 'c', 'd'].map((name) => play(pool, [`${name}1`, `ask ${name}`, 'wait', `${name}2`])),
  );
  for (const [index, name] of ['a', 'b', 'c', 'd'].entries()) {
    const answer = episodes[index]?.steps[1]?.calls[0]?.value;
    expect(episodes[index]?.values.at(-1)).toBe(`${name}1 ask ${name}=${answer} wait ${name}2`);
  }
  expect(asked).toBe(4);
  expect(started).toHaveLength(2);
  expect(most()).toBeLessThanOrEqual(2);
});

/** What 16 episodes of five actions cost two interpreters. */
async function costOf(playAll: (pool: ReturnType<typeof createInterpreterPool>, names: string[]) => Promise<void>) {
  const { start, started } = createFakes();
  const names = Array.from({ length: 16 }, (_, index) => `episode ${index}`);
  await playAll(createInterpreterPool({ start, size: 2 }), names);
  const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
  return { runs: sum(started.map(({ log }) => log.length)), resets: sum(started.map(({ resets }) => resets)) };
}
const codesOf = (name: string) => Array.from({ length: 5 }, (_, turn) => `${name}, ${turn}`);

test('an episode that goes on at once keeps its interpreter, although others wait', async () => {
  const cost = await costOf(async (pool, names) => {
    await Promise.all(names.map((name) => play(pool, codesOf(name))));
  });
  expect(cost).toEqual({ runs: 80, resets: 14 });
});

test('of a batch that takes its turns together, the episodes that interpreters hold are not played again', async () => {
  const cost = await costOf(async (pool, names) => {
    const episodes = names.map((name) => ({ codes: codesOf(name), steps: [] as CodeStep[] }));
    for (let turn = 0; turn < 5; turn++) {
      await Promise.all(
        episodes.map(async (episode) => {
          episode.steps = (await play(pool, episode.codes.slice(turn, turn + 1), episode.steps)).steps;
        }),
      );
    }
  });
  // Of 240 runs, two episodes a turn save those of their earlier actions.
  expect(cost).toEqual({ runs: 220, resets: 70 });
});

test('an episode without an end lets others have its interpreter', async () => {
  const pool = createInterpreterPool({ start: createFakes().start, size: 1 });
  let isPlayed = false;
  const steps: CodeStep[] = [];
  const endless = async () => {
    while (!isPlayed) {
      const code = `${steps.length}`;
      await pool.run({ steps: [...steps], code, tools: [] });
      steps.push({ code, calls: [] });
      if (steps.length > 1000) throw new Error('the other one was left to wait');
    }
  };
  const other = async () => {
    expect((await play(pool, ['a', 'b'])).values).toEqual(['a', 'a b']);
    isPlayed = true;
  };
  await Promise.all([endless(), other()]);
});

test('a state can be forked: both branches see the same past', async () => {
  const pool = createInterpreterPool({ start: createFakes().start, size: 2 });
  const { steps } = await play(pool, ['a', 'ask']);
  const [left, right] = await Promise.all([play(pool, ['left'], steps), play(pool, ['right'], steps)]);
  const past = `a ask=${steps[1]?.calls[0]?.value}`;
  expect([left.values, right.values]).toEqual([[`${past} left`], [`${past} right`]]);
});

test('an action that is lost leaves the earlier ones, rebuilt', async () => {
  const pool = createInterpreterPool({ start: createFakes().start, size: 1 });
  expect((await play(pool, ['a', 'lose', 'b'])).values).toEqual(['a', null, 'a b']);
});

test('an interpreter that dies fails its action alone; another takes its place', async () => {
  const { start, started } = createFakes();
  const pool = createInterpreterPool({ start, size: 1 });
  const { steps } = await play(pool, ['a']);
  await expect(pool.run({ steps, code: 'die', tools: [] })).rejects.toThrow('it died');
  expect((await play(pool, ['b'], steps)).values).toEqual(['a b']);
  expect(started).toHaveLength(2);
});

test('a start that fails is tried again for the next action', async () => {
  const { start } = createFakes();
  let failures = 1;
  const pool = createInterpreterPool({
    start: () => (failures-- > 0 ? Promise.reject(new EnvironmentError('no memory')) : start()),
    size: 1,
  });
  await expect(play(pool, ['a'])).rejects.toThrow('no memory');
  expect((await play(pool, ['a'])).values).toEqual(['a']);
});

test('a closed pool runs nothing, and an aborted action does not start', async () => {
  const pool = createInterpreterPool({ start: createFakes().start });
  const signal = AbortSignal.abort(new Error('stop'));
  await expect(pool.run({ steps: [], code: 'a', tools: [], signal })).rejects.toThrow('stop');
  const starting = expect(play(pool, ['a'])).rejects.toThrow('closed');
  await pool.close();
  await starting;
  await expect(play(pool, ['a'])).rejects.toThrow('closed');
  expect(() => createInterpreterPool({ start: createFakes().start, size: 0 })).toThrow('size');
});

test.each([
  ['another argument', [{ name: 'count', arguments: { value: 'other' }, value: 1 }]],
  ['a call less', []],
  ['a call more', [1, 2].map((value) => ({ name: 'count', arguments: { value: 'ask' }, value }))],
])('a replay that goes otherwise than recorded says so: %s', async (_, calls) => {
  const interpreter = await createFakes().start();
  await expect(replay({ interpreter, steps: [{ code: 'ask', calls }], tools: [counting] })).rejects.toThrow(
    /^replay, step 1: the code (calls count otherwise|does not do what it did)/,
  );
});
