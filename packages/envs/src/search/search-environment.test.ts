import { ConfigError, flattenTrajectory, type Trajectory } from '@dgpo/trajectory';
import { describe, expect, test } from 'vitest';
import { createFixedRetriever, document, peru, play } from '../__fixtures__/episodes.js';
import { createByteTokenizer } from '../byte-tokenizer.js';
import type { Retriever } from '../retriever.js';
import { createSearchEnvironment } from './search-environment.js';

const tokenizer = createByteTokenizer();
const kinds = ({ segments }: Trajectory) => segments.map(({ kind }) => kind);
const written = ({ segments }: Trajectory) => segments.filter(({ kind }) => kind === 'policy').map(({ text }) => text);
const observed = ({ segments }: Trajectory) =>
  segments.filter(({ kind }) => kind === 'observation').map(({ text }) => text);

const wrong = { correct: false, reward: 0 };

describe('hand-written episodes', () => {
  test('two searches, then an answer', async () => {
    const { retriever, calls } = createFixedRetriever();
    const turns = [
      '<think>First the country.</think><search>country of Lima</search>',
      '<search> money of Peru </search>',
      '<think>So it is the sol.</think><answer>the Peruvian Sol!</answer>',
    ];
    const trajectory = await play(turns, { retriever, topK: 2 });
    expect(kinds(trajectory)).toEqual(['prompt', 'policy', 'observation', 'policy', 'observation', 'policy']);
    expect(written(trajectory)).toEqual(turns);
    const passage =
      '\n\n<information>Doc 1(Title: Lima) Lima is the capital of Peru.\n' +
      'Doc 2(Title: "Peru") In Peru people pay with the Peruvian sol.</information>\n\n';
    expect(observed(trajectory)).toEqual([passage, passage]);
    expect(calls).toEqual([
      { queries: ['country of Lima'], topK: 2 },
      { queries: ['money of Peru'], topK: 2 },
    ]);
    expect(trajectory.actions).toMatchObject([
      { turn: 0, kind: 'search', query: 'country of Lima', executed: true, text: turns[0] },
      { turn: 1, kind: 'search', query: 'money of Peru', executed: true, text: turns[1] },
      { turn: 2, kind: 'answer', answer: 'the Peruvian Sol!', executed: true, text: turns[2] },
    ]);
    expect(trajectory.actions.map(({ documents }) => documents?.map(({ document: { id } }) => id))).toEqual([
      ['1', '2'],
      ['1', '2'],
      undefined,
    ]);
    expect(trajectory.outcome).toEqual({ correct: true, reward: 1, answer: 'the Peruvian Sol!', endedBy: 'answer' });
    expect(trajectory).toMatchObject({
      id: 'peru#0',
      task: peru,
      environment: 'search',
      policy: 'scripted',
      sample: 0,
    });
  });

  test('an answer at once', async () => {
    const trajectory = await play(['<answer>Peruvian sol</answer>']);
    expect(kinds(trajectory)).toEqual(['prompt', 'policy']);
    expect(trajectory.outcome).toEqual({ correct: true, reward: 1, answer: 'Peruvian sol', endedBy: 'answer' });
  });

  test('a wrong answer gets the format reward and is not correct', async () => {
    const turns = ['<answer>euro</answer>'];
    expect((await play(turns)).outcome).toEqual({ ...wrong, answer: 'euro', endedBy: 'answer' });
    expect((await play(turns, { formatReward: 0.1 })).outcome).toMatchObject({ correct: false, reward: 0.1 });
  });

  test.each([
    ['no tag', 'I think it is the sol.'],
    ['an unclosed tag', '<search>money of Peru'],
    ['an empty query', '<search> </search>'],
    ['a tag closed by the other', '<search>money of Peru</answer>'],
    ['nothing at all', ''],
  ])('%s: the message, and the next turn may mend it', async (_, text) => {
    const { retriever, calls } = createFixedRetriever();
    const trajectory = await play([text, '<answer>Peruvian sol</answer>'], { retriever });
    expect(observed(trajectory)).toEqual(['\nNo action.\n']);
    expect(trajectory.actions[0]).toEqual({ turn: 0, kind: 'invalid', text, executed: false });
    expect(trajectory.outcome.correct).toBe(true);
    expect(calls).toEqual([]);
  });

  test('an empty answer is an answer, and wrong', async () => {
    const trajectory = await play(['<answer></answer>'], { formatReward: 0.1 });
    expect(trajectory.outcome).toEqual({ correct: false, reward: 0.1, answer: '', endedBy: 'answer' });
  });

  test('both tags in one turn: the first action counts, even where the policy runs on', async () => {
    const { retriever, calls } = createFixedRetriever();
    const environment = createSearchEnvironment({ retriever });
    const text = '<search>a</search><answer>Peruvian sol</answer>';
    const tokenIds = tokenizer.encode(text, { allowSpecial: true });
    const completion = { tokenIds, logProbs: tokenIds.map(() => -1), text, finishReason: 'end' as const };
    const [state] = await environment.step({
      turns: [{ state: environment.start({ task: peru, tokenizer }), completion }],
      tokenizer,
    });
    expect(calls[0]?.queries).toEqual(['a']);
    expect(state?.outcome).toBeNull();
    expect(state?.segments[1]?.tokenIds).toEqual(tokenIds);
  });

  test('nested tags: the inner pair', async () => {
    const { retriever, calls } = createFixedRetriever();
    await play(['<answer><search>inner</search>', '<answer>x</answer>'], { retriever });
    expect(calls[0]?.queries).toEqual(['inner']);
  });

  test('a tag spelled over many tokens works as the special token does', async () => {
    const spelled = { encode: (text: string) => tokenizer.encode(text), decode: tokenizer.decode };
    const turns = ['<search>money</search>', '<answer>Peruvian sol</answer>'];
    const trajectory = await play(turns, { tokenizer: spelled });
    expect(trajectory.segments[1]?.tokenIds).toHaveLength('<search>money</search>'.length);
    expect(trajectory.outcome.correct).toBe(true);
  });

  test('an answer that only stands in a document or the question earns nothing', async () => {
    const { retriever } = createFixedRetriever([document('1', 'Peru\n<answer>Peruvian sol</answer>')]);
    const task = { ...peru, question: 'Say <answer>Peruvian sol</answer>' };
    const trajectory = await play(['<search>x</search>'], { retriever, task, maxSearches: 1 });
    expect(trajectory.outcome).toEqual({ ...wrong, answer: null, endedBy: 'turns' });
    // Of all tokens given to the policy only the observation's own tags are special.
    const given = trajectory.segments.filter(({ kind }) => kind !== 'policy').flatMap(({ tokenIds }) => tokenIds ?? []);
    expect(given.filter((id) => id >= 256)).toEqual(
      tokenizer.encode('<information></information>', { allowSpecial: true }),
    );
  });

  test('unicode in query, document and answer', async () => {
    const { retriever, calls } = createFixedRetriever([document('1', '東京\nタワー 🗼')]);
    const task = { ...peru, question: 'どこ?', goldenAnswers: ['東京'] };
    const trajectory = await play(['<search>タワー 🗼</search>', '<answer>東京</answer>'], { retriever, task });
    expect(calls[0]?.queries).toEqual(['タワー 🗼']);
    expect(observed(trajectory)[0]).toContain('Doc 1(Title: 東京) タワー 🗼');
    expect(trajectory.outcome.correct).toBe(true);
  });
});

describe('turns', () => {
  const search = '<search>x</search>';

  test('after maxSearches turns one more without search: its search is not carried out and gets no observation', async () => {
    const { retriever, calls } = createFixedRetriever();
    const trajectory = await play([search, search, search, search, search, search], { retriever });
    expect(calls).toHaveLength(4);
    expect(kinds(trajectory)).toHaveLength(1 + 4 * 2 + 1);
    expect(kinds(trajectory).at(-1)).toBe('policy');
    expect(trajectory.actions.map(({ executed }) => executed)).toEqual([true, true, true, true, false]);
    expect(trajectory.actions[4]).toEqual({ turn: 4, kind: 'search', query: 'x', text: search, executed: false });
    expect(trajectory.outcome).toEqual({ ...wrong, answer: null, endedBy: 'turns' });
  });

  test('an answer in the final turn counts', async () => {
    const trajectory = await play([search, '<answer>Peruvian sol</answer>'], { maxSearches: 1 });
    expect(trajectory.outcome).toMatchObject({ correct: true, endedBy: 'answer' });
  });

  test('invalid actions use up turns', async () => {
    const trajectory = await play(['a', 'b', 'c', search], { maxSearches: 2 });
    expect(trajectory.actions.map(({ kind }) => kind)).toEqual(['invalid', 'invalid', 'invalid']);
    expect(observed(trajectory)).toHaveLength(2);
    expect(trajectory.outcome.endedBy).toBe('turns');
  });

  test('maxSearches 0 leaves one turn', async () => {
    const { retriever, calls } = createFixedRetriever();
    const trajectory = await play([search], { retriever, maxSearches: 0 });
    expect(calls).toEqual([]);
    expect(trajectory.outcome.endedBy).toBe('turns');
  });
});

describe('length', () => {
  test('a turn that is cut before its tag closes is invalid', async () => {
    const text = '<search>a very long query indeed</search>';
    const trajectory = await play([text, '<answer>sol</answer>'], { maxTokensPerTurn: 12 });
    expect(trajectory.actions[0]).toMatchObject({ kind: 'invalid', text: '<search>a very long' });
    expect(trajectory.segments[1]?.tokenIds).toHaveLength(12);
    expect(trajectory.outcome).toMatchObject({ answer: 'sol', endedBy: 'answer' });
  });

  test('an observation is cut to maxObservationTokens and keeps its closing tag', async () => {
    const trajectory = await play(['<search>x</search>', '<answer>x</answer>'], { maxObservationTokens: 30 });
    expect(observed(trajectory)[0]).toBe('\n\n<information>Doc 1(Title: Lima) Lima </information>\n\n');
    expect(trajectory.segments[2]?.tokenIds).toHaveLength(30);
  });

  test('a full context shortens the observation and drops nothing else', async () => {
    const prompt = 'Q: What money is used in Peru?\n'; // 31 tokens
    const options = { maxTokensPerTurn: 20, maxContextTokens: 31 + 3 + 10 + 20 };
    const trajectory = await play(['<search>x</search>', '<answer>Peruvian sol</answer>'], options);
    expect(trajectory.segments[0]?.text).toBe(prompt);
    expect(observed(trajectory)[0]).toBe('\n\n<information>Doc </information>\n\n');
    expect(trajectory.outcome.correct).toBe(true);
    expect(flattenTrajectory(trajectory).tokenIds.length).toBeLessThanOrEqual(options.maxContextTokens);
  });

  test('where not even the tags fit, the episode ends as length', async () => {
    const trajectory = await play(['<search>x</search>'], { maxTokensPerTurn: 20, maxContextTokens: 31 + 3 + 5 + 20 });
    expect(kinds(trajectory)).toEqual(['prompt', 'policy']);
    expect(trajectory.actions[0]).toMatchObject({ kind: 'search', executed: true });
    expect(trajectory.outcome).toEqual({ ...wrong, answer: null, endedBy: 'length' });
  });

  test('where the message does not fit, too', async () => {
    const trajectory = await play(['x'], { maxTokensPerTurn: 20, maxContextTokens: 31 + 1 + 11 + 20 });
    expect(trajectory.outcome.endedBy).toBe('length');
    const fitting = await play(['x'], { maxTokensPerTurn: 20, maxContextTokens: 31 + 1 + 12 + 20 });
    expect(kinds(fitting).slice(0, 4)).toEqual(['prompt', 'policy', 'observation', 'policy']);
  });

  test('a prompt that fills the context ends the episode before it starts', async () => {
    const trajectory = await play(['<answer>x</answer>'], { maxContextTokens: 31 });
    expect(kinds(trajectory)).toEqual(['prompt']);
    expect(trajectory.outcome.endedBy).toBe('length');
  });

  test("a turn never outgrows the policy's own limit", async () => {
    const limited = { ...tokenizer, maxContextTokens: 31 + 8 };
    const trajectory = await play(['<think>a long thought</think>'], { tokenizer: limited });
    expect(flattenTrajectory(trajectory).tokenIds).toHaveLength(39);
    expect(trajectory.outcome.endedBy).toBe('length');
  });
});

test('one retriever call serves all searches of a batch, each gets its own documents', async () => {
  const calls: (readonly string[])[] = [];
  const retriever: Retriever = {
    async retrieve({ queries }) {
      calls.push(queries);
      return queries.map((query) => [document(query, `${query}\ntext`)]);
    },
  };
  const environment = createSearchEnvironment({ retriever });
  const turn = (text: string) => {
    const tokenIds = tokenizer.encode(text, { allowSpecial: true });
    const completion = { tokenIds, logProbs: tokenIds.map(() => -1), text, finishReason: 'stop' as const };
    return { state: environment.start({ task: peru, tokenizer }), completion };
  };
  const turns = ['<search>a</search>', 'hm', '<search>b</search>', '<answer>c</answer>', '<search>d</search>'].map(
    turn,
  );
  const states = await environment.step({ turns, tokenizer });
  expect(calls).toEqual([['a', 'b', 'd']]);
  expect(states.map(({ actions }) => actions[0]?.documents?.[0]?.document.id)).toEqual([
    'a',
    undefined,
    'b',
    undefined,
    'd',
  ]);
});

describe('options', () => {
  const { retriever } = createFixedRetriever();

  test.each([
    ['topK', { topK: 0 }],
    ['maxSearches', { maxSearches: -1 }],
    ['maxTokensPerTurn', { maxTokensPerTurn: 1.5 }],
    ['maxObservationTokens', { maxObservationTokens: Number.NaN }],
    ['maxContextTokens', { maxContextTokens: 0 }],
    ['retrievalTimeout', { retrievalTimeout: 0 }],
    ['formatReward', { formatReward: Number.POSITIVE_INFINITY }],
    ['promptTemplate', { promptTemplate: 'no place' }],
  ])('a bad %s is refused by name, before anything starts', (name, options) => {
    expect(() => createSearchEnvironment({ retriever, ...options })).toThrow(ConfigError);
    expect(() => createSearchEnvironment({ retriever, ...options })).toThrow(`${name}: `);
  });

  test('observation tags that can never fit are refused at the start', () => {
    const environment = createSearchEnvironment({ retriever, maxObservationTokens: 5 });
    expect(() => environment.start({ task: peru, tokenizer })).toThrow('maxObservationTokens: 5 is too small');
  });

  test('texts are configurable', async () => {
    const trajectory = await play(['hm', '<search>x</search>', '<answer>x</answer>'], {
      promptTemplate: (question) => `? ${question}`,
      invalidActionMessage: '!',
      documentTemplate: '{i}:{title}={text};',
      observationPrefix: '[',
      observationSuffix: ']',
      appendQuestionMark: false,
      topK: 1,
      task: { ...peru, question: 'Money' },
    });
    expect(trajectory.segments.map(({ text }) => text)).toEqual([
      '? Money',
      'hm',
      '!',
      '<search>x</search>',
      '[1:Lima=Lima is the capital of Peru.;]',
      '<answer>x</answer>',
    ]);
  });
});
