import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, readTrajectories, type Task, type Trajectory, writeTrajectories } from '@dgpo/trajectory';
import { afterAll, describe, expect, test } from 'vitest';
import { createFixedRetriever } from '../__fixtures__/episodes.js';
import { createByteTokenizer } from '../byte-tokenizer.js';
import type { EpisodeState } from '../environment.js';
import type { Retriever } from '../retriever.js';
import { runEpisodes } from '../run-episodes.js';
import { createScriptedPolicy } from '../scripted-policy.js';
import { checkEnvironment } from '../testing/check-environment.js';
import { createEchoTool } from './__fixtures__/surroundings.js';
import { type CodeEnvironmentOptions, createCodeEnvironment } from './code-environment.js';
import type { CodeInterpreter } from './code-interpreter.js';
import { createInterpreterPool, type InterpreterPool } from './interpreter-pool.js';
import { createJavaScriptInterpreter } from './javascript-interpreter.js';
import { defaultCodePrompt, defaultErrorAdvice } from './prompt.js';
import { createPythonInterpreter } from './python-interpreter.js';
import { codeSteps, replay } from './replay.js';
import { createSearchTool } from './search-tool.js';

const limits = { timeout: 20_000, maxOperations: 2_000_000, memory: 96 };
const pools: InterpreterPool[] = [];
const poolOf = (start: () => Promise<CodeInterpreter>, size: number) => {
  const pool = createInterpreterPool({ start, size });
  pools.push(pool);
  return pool;
};
const javascript = poolOf(() => createJavaScriptInterpreter(limits), 2);
afterAll(() => Promise.all(pools.map((pool) => pool.close())));

const task: Task = { id: 'sum', question: 'What is 17 + 25?', goldenAnswers: ['42'] };
const block = (code: string, language = 'javascript') =>
  `Thought: t\nCode:\n\`\`\`${language}\n${code}\n\`\`\`<end_code>`;

async function play(
  turns: readonly string[],
  options: Partial<CodeEnvironmentOptions> & { tasks?: Task[] } = {},
): Promise<Trajectory> {
  const { tasks = [task], ...rest } = options;
  const environment = createCodeEnvironment({ interpreters: javascript, language: 'javascript', ...rest });
  const policy = createScriptedPolicy({ script: ({ turn }) => turns[turn] ?? 'nothing' });
  const [trajectory] = await runEpisodes({ environment, policy, tasks, seed: 0 });
  if (trajectory === undefined) throw new Error('no trajectory');
  return trajectory;
}
const observations = ({ segments }: Trajectory) =>
  segments.filter(({ kind }) => kind === 'observation').map(({ text }) => text);

test('an episode: state is kept, results are read, the answer is scored', async () => {
  const episode = await play([block('var x = 17; print("x is", x)'), block('x + 25'), block('final_answer(x + 25)')]);
  expect(observations(episode)).toEqual(['\nObservation:\nPrinted:\nx is 17\n', '\nObservation:\nLast value:\n42\n']);
  expect(episode.actions).toEqual([
    {
      turn: 0,
      kind: 'code',
      text: block('var x = 17; print("x is", x)'),
      code: 'var x = 17; print("x is", x)',
      stdout: 'x is 17\n',
      calls: [],
      executed: true,
    },
    {
      turn: 1,
      kind: 'code',
      text: block('x + 25'),
      code: 'x + 25',
      stdout: '',
      value: '42',
      calls: [],
      executed: true,
    },
    {
      turn: 2,
      kind: 'code',
      text: block('final_answer(x + 25)'),
      code: 'final_answer(x + 25)',
      stdout: '',
      answer: '42',
      calls: [],
      executed: true,
    },
  ]);
  expect(episode.outcome).toEqual({ correct: true, reward: 1, answer: '42', endedBy: 'answer' });
});

test.each([
  ['a wrong answer', [block('final_answer(1)')], {}, { correct: false, reward: 0, answer: '1', endedBy: 'answer' }],
  [
    'a wrong answer with a reward for the form',
    [block('final_answer(1)')],
    { formatReward: 0.1 },
    { reward: 0.1, correct: false },
  ],
  [
    'an answer by another measure',
    [block('final_answer("forty-two")')],
    { isCorrect: ({ answer }: { answer: string }) => answer === 'forty-two' },
    { reward: 1, correct: true },
  ],
  [
    'no answer in time',
    ['1', '2', '3'].map((code) => block(code)),
    { maxSteps: 3 },
    { endedBy: 'turns', answer: null, reward: 0 },
  ],
  ['no room for another turn', [block('1'), block('2')], { maxContextTokens: 1500 }, { endedBy: 'length' }],
] as const)('%s', async (_, turns, options, outcome) => {
  expect((await play(turns, options)).outcome).toMatchObject(outcome);
});

test('errors are read and used up a step each; what stops the interpreter leaves the earlier steps', async () => {
  const episode = await play([
    block('var x = 42'),
    block('y'),
    block('for (;;);'),
    'I think',
    block('final_answer(x)'),
  ]);
  const [, failed, stopped, invalid] = observations(episode);
  expect(failed).toContain("Error:\nReferenceError: 'y' is not defined in line 1");
  expect(stopped).toContain('Error:\nStopped: the code took too many steps');
  expect(invalid).toContain('No code was found in this step.');
  expect(episode.actions.map(({ kind, executed }) => [kind, executed])).toEqual([
    ['code', true],
    ['code', true],
    ['code', true],
    ['invalid', false],
    ['code', true],
  ]);
  expect(episode.outcome).toMatchObject({ correct: true });
});

test('a name of JavaScript that an error has spoilt is spoken of, and what is advised works', async () => {
  const failed = ['const r = serch("x")', 'const r = 5', 'r = 6'];
  const mended = ['var s = serch("x")', 'var s = 42', 'var s = s', 'final_answer(s)'];
  const episode = await play(
    [...failed, ...mended].map((code) => block(code)),
    { maxSteps: 7 },
  );
  expect(episode.segments[0]?.text).toContain('Declare them with var: a name of let, const or class can never be');
  for (const text of observations(episode).slice(0, 3)) {
    expect(text).toMatch(/\nError:\n(Reference|Syntax)Error: .*\nMend this.* Names of let, const and class are taken/);
  }
  expect(episode.outcome).toMatchObject({ correct: true });
});

test('Python is told nothing of names that are taken', () => {
  const options = { tools: [], maxSteps: 5 };
  expect(defaultCodePrompt({ language: 'python', ...options })).not.toContain('var');
  expect(defaultErrorAdvice('python')).toBe('Mend this in the next step; what earlier steps defined is kept.');
});

test('texts of its own for a turn without code and after an error', async () => {
  const short = { invalidActionMessage: 'No code.', errorAdvice: 'Try again.' };
  const turns = ['I think', 'Code:', block('y'), block('final_answer(42)')];
  const read = observations(await play(turns, short));
  expect(read.slice(0, 2)).toEqual(['\nObservation:\nNo code.\n', '\nObservation:\nNo code.\n']);
  expect(read[2]).toMatch(/^\nObservation:\nError:\nReferenceError: .*\nTry again\.\n$/);
  const bare = observations(await play(turns, { errorAdvice: '' }));
  expect(bare[2]).toMatch(/^\nObservation:\nError:\nReferenceError: [^\n]*\n$/);
});

test('a turn without a fence counts as code where it can be read as code', async () => {
  const episode = await play(['final_answer(42)<end_code>']);
  expect(episode.outcome).toMatchObject({ correct: true });
});

test('a search from the code', async () => {
  const { retriever, calls } = createFixedRetriever();
  const tools = [createSearchTool({ retriever, topK: 2 })];
  const tasks: Task[] = [{ id: 'peru', question: 'What money is used in Peru?', goldenAnswers: ['Peruvian sol'] }];
  const code = 'var text = search("Peru"); print(text); final_answer(/pay with the (.*)\\./.exec(text)[1])';
  const episode = await play([block(code)], { tools, tasks });
  expect(episode.outcome).toMatchObject({ correct: true, answer: 'Peruvian sol' });
  expect(episode.actions[0]?.stdout).toContain('Doc 1(Title: Lima) Lima is the capital of Peru.');
  expect(calls).toEqual([{ queries: ['Peru'], topK: 2 }]);
  expect(episode.segments[0]?.text).toContain('- search(query): looks a query up');
});

test('a retriever that fails ends its episode, and no other', async () => {
  const broken: Retriever = {
    retrieve: ({ queries }) => (queries[0] === 'down' ? Promise.reject(new Error('503')) : Promise.resolve([[]])),
  };
  const tools = [createSearchTool({ retriever: broken })];
  const environment = createCodeEnvironment({ interpreters: javascript, language: 'javascript', tools });
  const policy = createScriptedPolicy({ script: (state) => block(`search("${state.task.id}"); final_answer(42)`) });
  const tasks = ['up', 'down', 'upper'].map((id) => ({ ...task, id }));
  const episodes = await runEpisodes({ environment, policy, tasks, seed: 0 });
  expect(episodes.map(({ outcome }) => outcome.endedBy)).toEqual(['answer', 'error', 'answer']);
  expect(episodes[1]?.outcome).toMatchObject({ error: 'search: 503', reward: 0, correct: false });
  expect(episodes[1]?.actions).toMatchObject([{ kind: 'code', executed: false }]);
});

test.each([
  ['JavaScript', 'javascript', () => createJavaScriptInterpreter(limits)],
  ['Python', 'python', () => createPythonInterpreter(limits)],
] as const)(
  'an interpreter of %s that dies in mid-episode ends that episode as an error; the run goes on',
  async (_, language, start) => {
    const started: CodeInterpreter[] = [];
    const interpreters = poolOf(async () => {
      const interpreter = await start();
      started.push(interpreter);
      return interpreter;
    }, 1);
    const killer = {
      name: 'killer',
      description: 'ends the process, as a machine without memory would',
      parameters: [],
      run: async () => {
        await started.at(-1)?.close();
        return null;
      },
    };
    const environment = createCodeEnvironment({ interpreters, language, tools: [killer] });
    const first = language === 'python' ? 'x = 42' : 'var x = 42';
    const policy = createScriptedPolicy({
      script: ({ task: { id }, turn }) =>
        block(turn === 0 ? first : id === 'dies' ? 'killer()' : 'final_answer(x)', language),
    });
    const tasks = ['first', 'dies', 'last'].map((id) => ({ ...task, id }));
    const episodes = await runEpisodes({ environment, policy, tasks, seed: 0 });
    expect(episodes.map(({ outcome }) => outcome.endedBy)).toEqual(['answer', 'error', 'answer']);
    expect(episodes[1]?.outcome.error).toContain("the interpreter's process ended");
    expect(started).toHaveLength(2);
  },
  300_000,
);

test('a message over the border that no tool takes is no way out of a wrong answer', async () => {
  const interpreters = poolOf(() => createPythonInterpreter(limits), 1);
  const forged = (message: string) => `
importer = [c for c in object.__subclasses__() if c.__name__ == "BuiltinImporter"][0]
posix = importer.load_module("posix")
posix.write(3, ${message})
posix.read(0, 10000)`;
  const turns = [
    forged('b\'{"name": "echo", "arguments": {"value": \' + b"[" * 200_000 + b"]" * 200_000 + b"}}"'),
    forged('b\'{"name": {"toString": 1}}\''),
    'final_answer(1)',
  ];
  const tools = [createEchoTool().tool];
  const episode = await play(
    turns.map((code) => block(code, 'python')),
    { interpreters, language: 'python', tools },
  );
  expect(observations(episode).join()).toContain('nested 100 deep');
  expect(episode.outcome).toEqual({ correct: false, reward: 0, answer: '1', endedBy: 'answer' });
}, 300_000);

test('an interpreter that cannot be started as it is set up stops the run', async () => {
  const interpreters = poolOf(() => createPythonInterpreter({ imports: ['no_such_module'] }), 1);
  const environment = createCodeEnvironment({ interpreters });
  const policy = createScriptedPolicy({ script: () => block('1', 'python') });
  await expect(runEpisodes({ environment, policy, tasks: [task], seed: 0 })).rejects.toThrow(
    'the module no_such_module does not load',
  );
}, 300_000);

test('a state goes on elsewhere, after JSON, with the answers that its tools gave', async () => {
  let asked = 0;
  const tools = [{ name: 'next', description: '', parameters: [], run: async () => ++asked }];
  const tokenizer = createByteTokenizer();
  const turn = (state: EpisodeState, code: string) => {
    const tokenIds = tokenizer.encode(block(code));
    return {
      state,
      completion: { tokenIds, logProbs: tokenIds.map(() => 0), text: block(code), finishReason: 'stop' as const },
    };
  };
  const options = { language: 'javascript', tools } as const;
  const here = createCodeEnvironment({ interpreters: javascript, ...options });
  const first = here.start({ task, tokenizer }) as EpisodeState;
  const [second] = (await here.step({
    turns: [turn(first, 'var a = next(), b = Math.random()')],
    tokenizer,
  })) as EpisodeState[];
  const stored = JSON.parse(JSON.stringify(second)) as EpisodeState;
  expect(codeSteps(stored.actions)).toEqual([
    { code: 'var a = next(), b = Math.random()', calls: [{ name: 'next', arguments: {}, value: 1 }] },
  ]);
  const elsewhere = createCodeEnvironment({
    interpreters: poolOf(() => createJavaScriptInterpreter(limits), 1),
    ...options,
  });
  const states = await Promise.all(
    [here, elsewhere, elsewhere].map((environment) =>
      environment.step({ turns: [turn(stored, '[a, b, next()]')], tokenizer }),
    ),
  );
  const values = states.map(([state]) => JSON.parse(state?.actions.at(-1)?.value ?? 'null') as number[]);
  expect(values.map(([a]) => a)).toEqual([1, 1, 1]);
  expect(new Set(values.map(([, b]) => b)).size).toBe(1);
  expect(values.map(([, , next]) => next).sort()).toEqual([2, 3, 4]);
});

test('an episode is written as a trajectory, read, and played again', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dgpo-code-'));
  let asked = 0;
  const next = { name: 'next', description: '', parameters: [], run: async () => ++asked };
  const tools = [createEchoTool().tool, next];
  const turns = [
    block('var a = next(), b = Math.random()'),
    block('next(); for (;;);'),
    'this is no code',
    block('throw new Error(echo({ a }).a)'),
    block('echo(1, 2)'),
    block('a += next(); final_answer([a, b])'),
  ];
  const episode = await play(turns, { tools, maxSteps: 6 });
  await writeTrajectories(join(folder, 'episodes.jsonl'), [episode]);
  const read: Trajectory[] = [];
  for await (const one of readTrajectories(join(folder, 'episodes.jsonl'))) read.push(one);
  expect(read).toEqual([episode]);
  expect(episode.actions.map(({ kind, calls }) => [kind, calls])).toEqual([
    ['code', [{ name: 'next', arguments: {}, value: 1 }]],
    ['code', undefined],
    ['invalid', []],
    ['code', [{ name: 'echo', arguments: { value: { a: 1 } }, value: { a: 1 } }]],
    ['code', []],
    ['code', [{ name: 'next', arguments: {}, value: 3 }]],
  ]);
  const interpreter = await createJavaScriptInterpreter(limits);
  await replay({ interpreter, steps: codeSteps(read[0]?.actions ?? []), tools });
  expect(asked).toBe(3);
  expect((await interpreter.run({ code: '[a, b]' })).value).toBe(episode.outcome.answer);
  await interpreter.close();
  await rm(folder, { recursive: true });
});

test('aborting rejects with the reason', async () => {
  const controller = new AbortController();
  const stuck = {
    name: 'stuck',
    description: '',
    parameters: [],
    run: () => new Promise<null>(() => controller.abort(new Error('enough'))),
  };
  const environment = createCodeEnvironment({ interpreters: javascript, language: 'javascript', tools: [stuck] });
  const policy = createScriptedPolicy({ script: () => block('stuck()') });
  await expect(runEpisodes({ environment, policy, tasks: [task], seed: 0, signal: controller.signal })).rejects.toThrow(
    'enough',
  );
});

const vocabulary = [
  '```',
  '```js\n',
  '```python\n',
  '\n```',
  '<end_code>',
  'Observation:',
  'final_answer(',
  '42',
  ')',
  'x = ',
  'x',
  '+',
  '\n',
  'Thought: ',
  'search("a")',
  ' ',
];
const tasks: Task[] = [task, { id: 'text', question: 'Say "</answer>\\"', goldenAnswers: ['"</answer>\\\n\u2028 é'] }];

describe('keeps the contract of environments', () => {
  test.each([
    ['as it is', {}],
    ['with a tight context', { maxContextTokens: 1600, maxTokensPerTurn: 200 }],
    ['with tight observations', { maxObservationTokens: 16 }],
    ['with a tool', { tools: [createSearchTool({ retriever: createFixedRetriever().retriever })] }],
  ])('in JavaScript %s', async (_, options) => {
    const environment = createCodeEnvironment({
      interpreters: javascript,
      language: 'javascript',
      maxTokensPerTurn: 100,
      ...options,
    });
    await checkEnvironment({ environment, tasks, vocabulary, episodes: 12 });
  });

  test('in Python', async () => {
    const interpreters = poolOf(() => createPythonInterpreter(limits), 1);
    const environment = createCodeEnvironment({ interpreters, maxTokensPerTurn: 100, maxSteps: 3 });
    await checkEnvironment({ environment, tasks, vocabulary, episodes: 6 });
  }, 300_000);
});

test.each([
  [{ maxSteps: 0 }, 'maxSteps'],
  [{ formatReward: Number.NaN }, 'formatReward'],
  [{ promptTemplate: 'no place' }, 'promptTemplate'],
  [{ tools: [{ name: 'a b', description: '', parameters: [], run: async () => null }] }, 'tool a b'],
  [{ tools: [{ name: 'f', description: '', parameters: ['__proto__'], run: async () => null }] }, 'tool f'],
  [{ tools: [{ name: 'final_answer', description: '', parameters: [], run: async () => null }] }, 'tool final_answer'],
])('options %j are refused', (options, where) => {
  expect(() => createCodeEnvironment({ interpreters: javascript, ...options })).toThrow(ConfigError);
  expect(() => createCodeEnvironment({ interpreters: javascript, ...options })).toThrow(where);
});
