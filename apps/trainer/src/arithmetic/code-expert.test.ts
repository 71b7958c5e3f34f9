import { chainOfThoughtTrajectory, checkPrefixLeaks, firstThoughtPrefix } from '@dgpo/distill/agent';
import { createByteTokenizer, createScriptedPolicy, runEpisodes } from '@dgpo/envs';
import { createInterpreterPool, createPythonInterpreter } from '@dgpo/envs/code';
import { trainCompactTokenizer } from '@dgpo/lm';
import { createBm25Index, createBm25Retriever, splitTitle } from '@dgpo/retriever';
import type { Task } from '@dgpo/trajectory';
import { afterAll, expect, test } from 'vitest';
import { createAtlas } from '../atlas/index.js';
import { scriptedExpert } from '../expert/scripted-expert.js';
import { arithmeticEnvironment, codeProtocolTags, createArithmeticEnvironment } from './arithmetic-environment.js';
import { arithmeticTasks } from './arithmetic-tasks.js';
import { createArithmeticWorld } from './arithmetic-world.js';
import { arithmeticChainOfThought } from './chain-of-thought.js';
import { codeExpert } from './code-expert.js';
import { isArithmeticCorrect } from './is-correct.js';
import { scriptedCodeEpisode } from './scripted-code-episode.js';

const world = createArithmeticWorld(createAtlas({ inventedCountries: 160 }));
const documents = [...world.corpus];
const index = createBm25Index({ documents });
const search = (query: string) =>
  index.search({ query, topK: 2 }).map(({ index: row }) => splitTitle(documents[row]?.contents ?? '').text);
const tasks = (['train', 'known', 'fiction', 'facts'] as const).flatMap((split) =>
  arithmeticTasks({ world, split, count: 110 }),
);
const interpreters = createInterpreterPool({ start: () => createPythonInterpreter({ imports: [] }), size: 1 });
afterAll(() => interpreters.close());

const peru: Task = {
  id: 'peru',
  question: 'By how many thousand km2 is the country whose capital is Lima larger than Chile?',
  goldenAnswers: ['529'],
  metadata: {
    plan: {
      operation: 'difference',
      field: 'area',
      countries: [
        { by: 'capital', value: 'Lima' },
        { by: 'name', value: 'Chile' },
      ],
    },
    supporting_facts: { title: ['Peru', 'Chile'], sent_id: [0, 0] },
  },
};

test('every task is solved, in short episodes', () => {
  const episodes = tasks.map((task) => ({ task, ...scriptedCodeEpisode({ task, search }) }));
  expect(episodes.filter(({ task, answer }) => answer !== task.goldenAnswers[0])).toEqual([]);
  const texts = episodes.map(({ task, segments }) =>
    [`Question: ${task.question}\n`, ...segments.map(({ text }) => text)].join(''),
  );
  const tokenizer = trainCompactTokenizer({ texts, specialTokens: codeProtocolTags, maximumPieces: 448 });
  const lengths = texts.map((text) => tokenizer.encode(text, { allowSpecial: true }).length);
  expect(Math.max(...lengths)).toBeLessThan(500);
  for (const { segments } of episodes) {
    for (const { kind, text } of segments) {
      const most =
        kind === 'policy' ? arithmeticEnvironment.maxTokensPerTurn : arithmeticEnvironment.maxObservationTokens;
      expect(tokenizer.encode(text, { allowSpecial: true }).length).toBeLessThanOrEqual(most);
    }
  }
});

test('Python does what the episodes without it say', async () => {
  const retriever = createBm25Retriever({ documents });
  const roomy = { maxTokensPerTurn: 2000, maxObservationTokens: 2000, maxContextTokens: 20_000 };
  const environment = createArithmeticEnvironment({
    interpreters,
    retriever,
    settings: { ...arithmeticEnvironment, ...roomy },
  });
  // One of each type, of real countries and two hops.
  const played = [peru, ...tasks.slice(-22).filter(({ metadata }) => metadata?.hops === 2)];
  const policy = createScriptedPolicy({ script: scriptedExpert });
  const episodes = await runEpisodes({ environment, policy, tasks: played, seed: 0 });
  for (const { task, segments, outcome } of episodes) {
    expect(outcome).toEqual({ correct: true, reward: 1, answer: task.goldenAnswers[0], endedBy: 'answer' });
    const scripted = scriptedCodeEpisode({ task, search }).segments;
    expect(segments.slice(1).map(({ kind, text }) => ({ kind, text }))).toEqual(scripted);
  }
}, 120_000);

test('an episode of two hops, word for word', () => {
  const sentences: Record<string, string[]> = {
    'country with capital Lima': ['The capital of Peru is Lima.', 'The currency of Peru is the Peruvian sol.'],
    'area of Chile': ['Chile has an area of 756 thousand km2.'],
    'area of Peru': ['The area of Peru is 1285 thousand km2.'],
  };
  const { segments } = scriptedCodeEpisode({ task: peru, search: (query) => sentences[query] ?? [] });
  expect(segments.map(({ text }) => text)).toEqual([
    [
      'Thought: I need the country with capital Lima and area of Chile.',
      'Code:\n```py\nprint(search("country with capital Lima"))\nprint(search("area of Chile"))\n```<end_code>',
    ].join('\n'),
    [
      '\nObservation:\nPrinted:\nThe capital of Peru is Lima.\nThe currency of Peru is the Peruvian sol.',
      '\nChile has an area of 756 thousand km2.\n',
    ].join('\n'),
    'Thought: It is Peru. I need the area of Peru.\nCode:\n```py\nprint(search("area of Peru"))\n```<end_code>',
    '\nObservation:\nPrinted:\nThe area of Peru is 1285 thousand km2.\n',
    'Thought: Peru has 1285 and Chile has 756.\nCode:\n```py\nfinal_answer(1285 - 756)\n```<end_code>',
  ]);
  const begun = scriptedCodeEpisode({ task: peru, search, firstThought: 'Lima first.\n\n' }).segments[0]?.text;
  expect(begun).toMatch(/^Thought: Lima first\.\n\n\nCode:\n```py\nprint/);
});

test('what a search does not bring is given up, after one search; other tasks are refused', () => {
  const { segments, answer } = scriptedCodeEpisode({ task: peru, search: () => [] });
  expect([segments.length, answer]).toEqual([3, 'unknown']);
  expect(segments.at(-1)?.text).toContain('final_answer("unknown")');
  expect(() => codeExpert({ task: { id: 'x', question: '?', goldenAnswers: [] }, actions: [] })).toThrow('task x');
});

test('the chain of thought is read back, and its first step tells no answer', () => {
  expect(arithmeticChainOfThought({ task: peru, world })).toBe(
    [
      'I need the area of the country with capital Lima and Chile, then how much more the first is.',
      'It is Peru. Peru has 1285 and Chile has 756. 1285 - 756 = 529.',
      '<answer>529</answer>',
    ].join('\n\n'),
  );
  const tokenizer = createByteTokenizer();
  const prefixes = new Map<string, string>();
  for (const task of tasks) {
    const text = arithmeticChainOfThought({ task, world });
    const prompt = { text: task.question, tokenIds: tokenizer.encode(task.question) };
    expect(chainOfThoughtTrajectory({ task, text, prompt, tokenizer }).outcome.correct).toBe(true);
    prefixes.set(task.id, firstThoughtPrefix(text));
  }
  expect(checkPrefixLeaks({ tasks, prefixes })).toMatchObject({ leaking: [] });
});

test.each([
  ['529', true],
  ['529.0', true],
  [' 529\n', true],
  ['5,29', false],
  ['530', false],
  ['the 529', false],
  ['', false],
])('the answer %j to 529 is correct: %j', (answer, correct) => {
  expect(isArithmeticCorrect({ task: peru, answer })).toBe(correct);
});

test('thousands may have commas, names are compared as words', () => {
  expect(isArithmeticCorrect({ task: { ...peru, goldenAnswers: ['12345'] }, answer: '12,345' })).toBe(true);
  expect(isArithmeticCorrect({ task: { ...peru, goldenAnswers: ['12345'] }, answer: '12,345.0' })).toBe(true);
  expect(isArithmeticCorrect({ task: { ...peru, goldenAnswers: ['Peru'] }, answer: 'the peru.' })).toBe(true);
  expect(isArithmeticCorrect({ task: { ...peru, goldenAnswers: ['Peru'] }, answer: '12' })).toBe(false);
});
