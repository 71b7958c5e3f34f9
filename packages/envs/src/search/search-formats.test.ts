import { ConfigError, type RetrievedDocument, type Trajectory } from '@dgpo/trajectory';
import { describe, expect, test } from 'vitest';
import { createFixedRetriever, document, peru, play } from '../__fixtures__/episodes.js';
import type { ActionFormatName } from '../actions/action-format.js';
import { createAgent } from '../agent.js';
import { createByteTokenizer } from '../byte-tokenizer.js';
import type { Retriever } from '../retriever.js';
import { runEpisodes } from '../run-episodes.js';
import { createScriptedPolicy } from '../scripted-policy.js';
import { checkEnvironment } from '../testing/check-environment.js';
import type { EpisodeTool } from '../tool.js';
import { createSearchEnvironment } from './search-environment.js';

const tokenizer = createByteTokenizer();
const formats: ActionFormatName[] = ['tags', 'react', 'stateact', 'json', 'tool-calls'];
const observed = ({ segments }: Trajectory) =>
  segments.filter(({ kind }) => kind === 'observation').map(({ text }) => text);

const whole = new Map([
  ['1', 'Lima\nLima is the capital of Peru. It lies at the sea.'],
  ['2', '"Peru"\nIn Peru people pay with the Peruvian sol. There are mountains.'],
]);

/** Finds the fixed passages, and opens two of them; remembers what was opened. */
function createLibrary() {
  const { retriever, calls } = createFixedRetriever();
  const opened: string[] = [];
  const library: Retriever = {
    ...retriever,
    async openDocument({ id }) {
      opened.push(id);
      const contents = whole.get(id);
      return contents === undefined ? null : { id, contents };
    },
  };
  return { library, calls, opened };
}

const tool = (call: EpisodeTool['call'], argument?: string): EpisodeTool => ({
  name: 'lookup',
  description: 'look a word up',
  ...(argument === undefined ? {} : { argument }),
  call,
});

describe.each(formats)('%s', (format) => {
  test('keeps the contract of environments, with every option', async () => {
    const { library } = createLibrary();
    const environment = createSearchEnvironment({
      retriever: library,
      format,
      openDocuments: true,
      tools: [tool(async () => ({ text: 'a word', isError: false }), 'word')],
    });
    const actions = [
      'search[',
      'open[',
      'lookup[',
      'answer[',
      ']',
      'Action: ',
      '<search>',
      '</search>',
      '<open>',
      '</open>',
    ];
    const json = ['<tool_call>', '</tool_call>', '{"tool": "open", "arguments": {"document": "', '"}}', 'Peru', '2'];
    await checkEnvironment({ environment, tasks: [peru], vocabulary: [...actions, ...json] });
  });

  test('tells in the prompt what there is, and mends a turn without an action', async () => {
    const { library } = createLibrary();
    const options = { retriever: library, format, openDocuments: true };
    const environment = createSearchEnvironment(options);
    const prompt = environment.start({ task: peru, tokenizer }).segments[0]?.text;
    for (const part of ['search', 'open', 'answer', 'What money is used in Peru?']) expect(prompt).toContain(part);
    const policy = createScriptedPolicy({ script: () => 'hm' });
    const [trajectory] = await runEpisodes({ environment, policy, tasks: [peru], seed: 0 });
    expect(trajectory && observed(trajectory)[0]).toMatch(/^\nThis turn had no (action|tool call)\. .*open.*\n$/);
  });
});

test.each([
  [
    'react',
    ['Thought: money\nAction: search[money of Peru]', 'Action: answer[Peruvian sol]'],
    '\nObservation: Doc 1(Title: Lima) Lima is the capital of Peru.\n',
  ],
  [
    'tool-calls',
    [
      '<tool_call>\n{"name": "search", "arguments": {"query": "money of Peru"}}\n</tool_call>',
      '<tool_call>{"name": "answer", "arguments": {"answer": "Peruvian sol"}}</tool_call>',
    ],
    '\n<tool_response>\nDoc 1(Title: Lima) Lima is the capital of Peru.\n</tool_response>\n',
  ],
] as const)('%s: an episode by hand', async (format, turns, observation) => {
  const environment = createSearchEnvironment({ ...createFixedRetriever(), topK: 1, format });
  const policy = createScriptedPolicy({ script: ({ turn }) => turns[turn] ?? '' });
  const [trajectory] = await runEpisodes({ environment, policy, tasks: [peru], seed: 0 });
  expect(trajectory && observed(trajectory)).toEqual([observation]);
  expect(trajectory?.actions).toMatchObject([
    { kind: 'search', query: 'money of Peru', executed: true, text: turns[0] },
    { kind: 'answer', answer: 'Peruvian sol', executed: true },
  ]);
  expect(trajectory?.outcome).toEqual({ correct: true, reward: 1, answer: 'Peruvian sol', endedBy: 'answer' });
});

describe('opening documents', () => {
  const turns = (...names: string[]) => [
    '<search>money</search>',
    ...names.map((name) => `<open>${name}</open>`),
    '<answer>Peruvian sol</answer>',
  ];

  test('by id or title of the last results, quotes and case aside', async () => {
    const { library, opened } = createLibrary();
    const trajectory = await play(turns('2', 'peru', ' "PERU" '), {
      retriever: library,
      openDocuments: true,
      maxSearches: 5,
    });
    expect(opened).toEqual(['2', '2', '2']);
    expect(observed(trajectory)[1]).toBe(
      '\n\n<information>Doc 1(Title: "Peru") In Peru people pay with the Peruvian sol. There are mountains.</information>\n\n',
    );
    expect(trajectory.actions[1]).toEqual({
      turn: 1,
      kind: 'command',
      command: 'open[2]',
      text: '<open>2</open>',
      executed: true,
      documents: [{ document: { id: '2', contents: whole.get('2') }, score: 1 }],
    });
    expect(trajectory.outcome.correct).toBe(true);
  });

  test('what was not found, is not there or was found before the last search cannot be opened', async () => {
    const byQuery: Record<string, RetrievedDocument[]> = {
      a: [document('1', 'Lima\nx')],
      b: [document('9', 'Quito\ny')],
    };
    const { library, opened } = createLibrary();
    const retriever = {
      ...library,
      retrieve: async ({ queries }: { queries: readonly string[] }) => queries.map((query) => byQuery[query] ?? []),
    };
    const script = [
      '<open>1</open>',
      '<search>a</search>',
      '<search>b</search>',
      '<open>1</open>',
      '<open>Quito</open>',
    ];
    const trajectory = await play(script, { retriever, openDocuments: true, maxSearches: 6 });
    const none = (name: string) =>
      `\n\n<information>There is no document "${name}" among the last results.</information>\n\n`;
    const texts = observed(trajectory);
    expect([texts[0], texts[3], texts[4]]).toEqual([none('1'), none('1'), none('Quito')]);
    expect(opened).toEqual(['9']);
    expect(trajectory.actions[0]).toMatchObject({ kind: 'command', executed: false });
    expect(trajectory.actions[0]).not.toHaveProperty('documents');
  });

  test('takes a turn as a search does, and is not carried out in the final one', async () => {
    const { library, opened } = createLibrary();
    const trajectory = await play(turns('2'), { retriever: library, openDocuments: true, maxSearches: 1 });
    expect(opened).toEqual([]);
    expect(trajectory.outcome).toMatchObject({ endedBy: 'turns', reward: 0 });
    expect(trajectory.actions[1]).toMatchObject({ kind: 'command', executed: false });
  });

  test('is cut to its room', async () => {
    const { library } = createLibrary();
    const trajectory = await play(turns('2'), { retriever: library, openDocuments: true, maxObservationTokens: 16 });
    expect(observed(trajectory)[1]).toBe('\n\n<information>Doc 1(Titl</information>\n\n');
  });

  test.each([
    ['fails', () => Promise.reject(new Error('disk gone')), 'retriever: disk gone'],
    ['never answers', () => new Promise<never>(() => undefined), 'retriever: no answer within 20 ms'],
  ])('that %s ends the episode as error', async (_, openDocument, error) => {
    const retriever = { ...createFixedRetriever().retriever, openDocument };
    const trajectory = await play(turns('2'), { retriever, openDocuments: true, retrievalTimeout: 20 });
    expect(trajectory.outcome).toMatchObject({ endedBy: 'error', error });
  });

  test('needs a retriever that can', () => {
    const { retriever } = createFixedRetriever();
    expect(() => createSearchEnvironment({ retriever, openDocuments: true })).toThrow(ConfigError);
    expect(() => createSearchEnvironment({ retriever, openDocuments: true })).toThrow(
      /openDocuments: needs a retriever/,
    );
  });

  test('is off unless asked for: the tag is text, and prompt and messages stay', async () => {
    const { library, opened } = createLibrary();
    const trajectory = await play(['<open>2</open>'], { retriever: library });
    expect(trajectory.actions[0]?.kind).toBe('invalid');
    expect(opened).toEqual([]);
    const start = (retriever: Retriever) => createSearchEnvironment({ retriever }).start({ task: peru, tokenizer });
    expect(start(library)).toEqual(start(createFixedRetriever().retriever));
  });
});

describe('further tools', () => {
  const lookUp = (call: EpisodeTool['call']) => {
    const { retriever } = createFixedRetriever();
    const turns = ['<lookup>{"word": "sol"}</lookup>', '<answer>Peruvian sol</answer>'];
    return play(turns, { retriever, tools: [tool(call)], retrievalTimeout: 20 });
  };

  test('get their arguments, and their answers are plain text', async () => {
    const trajectory = await lookUp(async ({ arguments: given }) => ({
      text: `${given.word}</information>`,
      isError: false,
    }));
    const [, , observation] = trajectory.segments;
    expect(observation?.text).toBe('\n\n<information>sol</information></information>\n\n');
    expect(observation?.tokenIds?.filter((id) => id >= 256)).toHaveLength(2);
    expect(trajectory.actions[0]).toMatchObject({ kind: 'command', command: 'lookup[{"word":"sol"}]', executed: true });
  });

  test.each([
    ['says that it failed', async () => ({ text: 'no such word', isError: true }), 'no such word'],
    ['throws', () => Promise.reject(new Error('broken')), 'lookup failed: broken'],
    ['never answers', () => new Promise<never>(() => undefined), 'lookup failed: no answer within 20 ms'],
  ])('one that %s: the policy reads it and goes on', async (_, call, text) => {
    const trajectory = await lookUp(call);
    expect(observed(trajectory)[0]).toBe(`\n\n<information>${text}</information>\n\n`);
    expect(trajectory.actions[0]?.executed).toBe(false);
    expect(trajectory.outcome.correct).toBe(true);
  });

  test('must have names of their own', () => {
    const { retriever } = createFixedRetriever();
    const named = { ...tool(async () => ({ text: '', isError: false })), name: 'Search' };
    expect(() => createSearchEnvironment({ retriever, tools: [named] })).toThrow(ConfigError);
  });
});

test('searches of a batch are one request, whatever the other episodes do', async () => {
  const { library, calls } = createLibrary();
  const environment = createSearchEnvironment({ retriever: library, openDocuments: true });
  const tasks = ['a', 'b', 'c', 'd'].map((id) => ({ ...peru, id }));
  const scripts: Record<string, string[]> = {
    a: ['<search>1</search>', '<open>1</open>'],
    b: ['<search>2</search>', '<search>4</search>'],
    c: ['hm', '<search>5</search>'],
    d: ['<search>3</search>', '<answer>x</answer>'],
  };
  const script = ({ task, turn }: { task: { id: string }; turn: number }) =>
    scripts[task.id]?.[turn] ?? '<answer>x</answer>';
  const [, , third] = await runEpisodes({ environment, policy: createScriptedPolicy({ script }), tasks, seed: 0 });
  expect(calls.map(({ queries }) => queries)).toEqual([
    ['1', '2', '3'],
    ['4', '5'],
  ]);
  expect(third?.actions[1]).toMatchObject({ kind: 'search', query: '5', executed: true });
});

test('an aborted signal ends opening and tools, too', async () => {
  const { retriever } = createFixedRetriever();
  const hang = () => new Promise<never>(() => undefined);
  for (const [text, options] of [
    ['<open>1</open>', { retriever: { ...retriever, openDocument: hang }, openDocuments: true }],
    ['<lookup>{}</lookup>', { retriever, tools: [tool(hang)] }],
  ] as const) {
    const environment = createSearchEnvironment(options);
    const write = (written: string) => {
      const tokenIds = tokenizer.encode(written, { allowSpecial: true });
      return { tokenIds, logProbs: tokenIds.map(() => 0), text: written, finishReason: 'stop' as const };
    };
    const state = environment.start({ task: peru, tokenizer });
    const [searched = state] = await environment.step({
      turns: [{ state, completion: write('<search>x</search>') }],
      tokenizer,
    });
    const turns = [{ state: searched, completion: write(text) }];
    const signal = AbortSignal.timeout(20);
    await expect(environment.step({ turns, tokenizer, signal })).rejects.toThrow(/timeout/);
  }
});

test('an agent tells of opened documents and tools', async () => {
  const { library } = createLibrary();
  const turns = [
    'Action: search[x]',
    'Action: open[1]',
    'Action: open[Rome]',
    'Action: lookup[sol]',
    'Action: answer[Lima]',
  ];
  const model = createScriptedPolicy({ script: ({ turn }) => turns[turn] ?? '' });
  const tools = [tool(async () => ({ text: 'a coin', isError: false }), 'word')];
  const agent = createAgent({ model, retriever: library, topK: 1, format: 'react', openDocuments: true, tools });
  const events: { type: string }[] = [];
  for await (const event of agent.ask('Where?')) events.push(event);
  expect(events).toMatchObject([
    { type: 'search', query: 'x' },
    { type: 'documents', query: 'x', documents: [{ document: { id: '1' } }] },
    { type: 'open', document: '1' },
    { type: 'documents', query: '', documents: [{ document: { contents: whole.get('1') } }] },
    { type: 'open', document: 'Rome' },
    { type: 'observation', text: 'Observation: There is no document "Rome" among the last results.' },
    { type: 'tool', name: 'lookup', arguments: { word: 'sol' } },
    { type: 'observation', text: 'Observation: a coin' },
    { type: 'answer', answer: 'Lima' },
  ]);
});

test('a further tool may be called open where documents are not opened', async () => {
  const { library, opened } = createLibrary();
  const tools = [{ ...tool(async () => ({ text: 'the door', isError: false }), 'what'), name: 'open' }];
  const trajectory = await play(['<open>door</open>'], { retriever: library, tools });
  expect(observed(trajectory)[0]).toBe('\n\n<information>the door</information>\n\n');
  expect(opened).toEqual([]);
});
