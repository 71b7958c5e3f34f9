import { createScriptedPolicy, createSearchEnvironment } from '@dgpo/envs';
import type { Benchmark } from '@dgpo/envs/benchmarks';
import { createRetriever } from '@dgpo/retriever';
import { ConfigError, EnvironmentError, RetrieverError } from '@dgpo/trajectory';
import { expect, test } from 'vitest';
import { benchmarkEnvironment } from './benchmark-environment.js';
import { benchmarkTable } from './benchmark-report.js';
import { evaluateBenchmarks } from './evaluate-benchmarks.js';

const settings = {
  topK: 1,
  maxSearches: 1,
  maxTokensPerTurn: 500,
  maxObservationTokens: 500,
  maxContextTokens: 4096,
};

const bamboogle: Benchmark = {
  name: 'bamboogle',
  kind: 'question-answering',
  tasks: [
    { id: '1', question: 'What money is used in Peru?', goldenAnswers: ['the sol'] },
    { id: '2', question: 'What is the capital of Peru?', goldenAnswers: ['Lima'] },
  ],
};

const mathematics: Benchmark = {
  name: 'math-500',
  kind: 'mathematics',
  tasks: ['\\frac{1}{2}', '7', '5', '3'].map((answer, index) => ({
    id: String(index),
    question: `m${index}`,
    goldenAnswers: [answer],
  })),
};

const turns: Record<string, string> = {
  'What money is used in Peru?': '<answer>Sol.</answer>',
  // F1 with "Lima": precision 1/2, recall 1
  'What is the capital of Peru?': '<answer>Lima city</answer>',
  m0: 'It is \\boxed{0.5}.',
  m1: 'It is \\boxed{8}.',
  // No verdict on words against a number
  m2: 'It is \\boxed{five}.',
  m3: 'I do not know.',
};

const policy = createScriptedPolicy({ name: 'script', script: ({ task }) => turns[task.question] ?? '' });

const searching = async () =>
  createRetriever({ documents: [{ id: '0', contents: 'Peru\nThe sol is the money of Peru. Its capital is Lima.' }] });

test('scores knowledge by exact match and F1, mathematics by equivalence, and averages over benchmarks', async () => {
  const retriever = await searching();
  const evaluation = await evaluateBenchmarks({
    policy,
    benchmarks: [bamboogle, mathematics],
    environmentOf: benchmarkEnvironment({ retriever, settings }),
    samplesPerTask: 2,
    batchSize: 3,
  });
  const [knowledge, numbers] = evaluation.sets.map(({ scored }) => scored?.score);
  expect(knowledge).toMatchObject({
    name: 'bamboogle',
    questions: 2,
    episodes: 4,
    score: { mean: 0.5, low: 0, high: 1 },
    verdicts: { right: 2, wrong: 2, undecided: 0, none: 0 },
    errors: 0,
  });
  expect(knowledge?.f1?.mean).toBeCloseTo((1 + 2 / 3) / 2, 12);
  expect(numbers).toMatchObject({
    kind: 'mathematics',
    score: { mean: 0.25 },
    verdicts: { right: 2, wrong: 2, undecided: 2, none: 2 },
  });
  expect(numbers?.f1).toBeUndefined();
  const { all, questionAnswering, mathematics: average } = evaluation.averages;
  // Not (2 + 2) / 12: each benchmark weighs the same.
  expect(all).toMatchObject({ mean: 0.375, count: 2 });
  expect(questionAnswering.mean).toBe(0.5);
  expect(average.mean).toBe(0.25);
  expect(all.low).toBeLessThan(0.375);
  expect(all.high).toBeGreaterThan(0.375);
  expect(benchmarkTable(evaluation).rows.map(([name, measure]) => [name, measure])).toEqual([
    ['Bamboogle', 'exact match'],
    ['MATH-500', 'equivalence'],
    ['average of 1', 'question answering'],
    ['average of 1', 'mathematics'],
    ['average of 2', 'all'],
  ]);
});

test('a model of chains of thought reads its own prompt, for knowledge and mathematics alike', async () => {
  const environmentOf = benchmarkEnvironment({
    settings: {
      kind: 'chain-of-thought',
      promptTemplate: 'Question: {question}\nReasoning:\n',
      maxTokensPerTurn: 40,
      maxContextTokens: 400,
    },
  });
  const thoughts: Record<string, string> = { ...turns, m0: 'One of two.\n\n<answer>0.5</answer>' };
  const { sets } = await evaluateBenchmarks({
    policy: createScriptedPolicy({ script: ({ task }) => thoughts[task.question] ?? '' }),
    benchmarks: [bamboogle, mathematics],
    environmentOf,
  });
  expect(sets.map(({ trajectories }) => trajectories[0]?.segments[0]?.text)).toEqual([
    'Question: What money is used in Peru?\nReasoning:\n',
    'Question: m0\nReasoning:\n',
  ]);
  // Mathematics by equivalence, knowledge by exact match.
  expect(sets.map(({ trajectories }) => trajectories.map(({ outcome }) => outcome.correct))).toEqual([
    [true, false],
    [true, false, false, false],
  ]);
  expect(sets.map(({ scored }) => scored?.score.verdicts.right)).toEqual([1, 1]);
  const task = mathematics.tasks[0];
  const { next } = environmentOf(mathematics).start({ task: task as NonNullable<typeof task>, tokenizer: policy });
  expect(next).toEqual({ maxTokens: 40, stop: ['</answer>'] });
});

test('the figures do not depend on the batch size', async () => {
  const evaluate = (batchSize: number) =>
    evaluateBenchmarks({
      policy,
      benchmarks: [mathematics],
      environmentOf: benchmarkEnvironment({ settings }),
      batchSize,
    });
  const figures = async (batchSize: number) => {
    const { sets, averages } = await evaluate(batchSize);
    return { sets: sets.map(({ costs: _, ...set }) => set), averages };
  };
  expect(await figures(1)).toEqual(await figures(4));
});

test('questions of knowledge without a retriever, a benchmark twice and an empty one are refused before any episode', async () => {
  const evaluate = (benchmarks: Benchmark[]) =>
    evaluateBenchmarks({
      policy: { ...policy, generate: () => Promise.reject(new Error('an episode was played')) },
      benchmarks,
      environmentOf: benchmarkEnvironment({ settings }),
    });
  await expect(evaluate([mathematics, bamboogle])).rejects.toThrow(
    new ConfigError('bamboogle is answered with searches: give either --index DIR or --url URL or --corpus FILE'),
  );
  await expect(evaluate([mathematics, mathematics])).rejects.toThrow('math-500 stands twice');
  await expect(evaluate([{ ...mathematics, tasks: [] }])).rejects.toThrow('math-500: has no questions');
});

test('a search engine that is out of order is an error, not a score of 0', async () => {
  const retriever = { retrieve: () => Promise.reject(new RetrieverError('is down')) };
  const evaluation = evaluateBenchmarks({
    policy: createScriptedPolicy({ script: () => '<search>Peru</search>' }),
    benchmarks: [bamboogle],
    // A kind of agent of one's own: the environment is a function of the benchmark.
    environmentOf: () => createSearchEnvironment({ retriever, ...settings }),
  });
  await expect(evaluation).rejects.toBeInstanceOf(EnvironmentError);
  await expect(evaluation).rejects.toThrow(/bamboogle: 2 of 2 episodes ended by an error \(.*is down/);
});
