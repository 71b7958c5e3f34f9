import { createScriptedPolicy } from '@dgpo/envs';
import type { Benchmark } from '@dgpo/envs/benchmarks';
import type { InterpreterPool } from '@dgpo/envs/code';
import { createRetriever } from '@dgpo/retriever';
import type { EnvironmentSettings } from '@dgpo/trainer';
import { ConfigError } from '@dgpo/trajectory';
import { expect, test } from 'vitest';
import { codeBenchmarkEnvironment } from './code-benchmark-environment.js';
import { evaluateBenchmarks } from './evaluate-benchmarks.js';

/** Understands `final_answer("…")` and `print(search("…"))`, as far as these episodes go. */
const interpreters: InterpreterPool = {
  run: async ({ code, tools, signal }) => {
    const answer = /^final_answer\("(.*)"\)$/.exec(code)?.[1] ?? null;
    const query = /^print\(search\("(.*)"\)\)$/.exec(code)?.[1];
    const search = tools.find(({ name }) => name === 'search');
    const result = { stdout: '', value: null, error: null, answer, calls: [], lost: false };
    if (query === undefined || search === undefined) return result;
    const options = { arguments: { query }, signal: signal ?? new AbortController().signal };
    return { ...result, stdout: `${await search.run(options)}\n` };
  },
  close: async () => undefined,
};

const settings: EnvironmentSettings = {
  ...{ kind: 'code', maxSteps: 3, topK: 1, documentTemplate: '{text}', promptTemplate: 'Q: {question}\n' },
  ...{ maxTokensPerTurn: 500, maxObservationTokens: 500, maxContextTokens: 4096 },
};
const knowledge: Benchmark = {
  name: 'bamboogle',
  kind: 'question-answering',
  tasks: [{ id: '1', question: 'What money is used in Peru?', goldenAnswers: ['the sol'] }],
};
const mathematics: Benchmark = {
  name: 'math-500',
  kind: 'mathematics',
  tasks: [{ id: '1', question: 'What is half of one?', goldenAnswers: ['\\frac{1}{2}'] }],
};
const block = (code: string) => `Thought: t\nCode:\n\`\`\`py\n${code}\n\`\`\`<end_code>`;
const policy = createScriptedPolicy({
  script: ({ task, turn }) => {
    if (task.question.startsWith('What is half')) return block('final_answer("0.5")');
    return block(turn === 0 ? 'print(search("money of Peru"))' : 'final_answer("Sol")');
  },
});

test('one agent with code answers knowledge and mathematics', async () => {
  const retriever = await createRetriever({
    documents: [{ id: '0', contents: 'Peru\nThe sol is the money of Peru.' }],
  });
  const environmentOf = codeBenchmarkEnvironment({ interpreters, retriever, settings });
  const { sets } = await evaluateBenchmarks({ policy, benchmarks: [knowledge, mathematics], environmentOf });
  expect(sets.map(({ scored }) => scored?.score.score.mean)).toEqual([1, 1]);
  expect(sets.map(({ trajectories }) => trajectories[0]?.outcome.correct)).toEqual([true, true]);
  const [prompt, , observation] = sets[0]?.trajectories[0]?.segments ?? [];
  expect(prompt?.text).toBe('Q: What money is used in Peru?\n');
  expect(observation?.text).toContain('The sol is the money of Peru.');
});

test('mathematics needs no search engine, knowledge does', () => {
  const search: EnvironmentSettings = {
    ...{ topK: 2, maxSearches: 1, maxTokensPerTurn: 9, maxObservationTokens: 9, maxContextTokens: 900 },
  };
  const environmentOf = codeBenchmarkEnvironment({ interpreters, settings: search });
  expect(() => environmentOf(knowledge)).toThrow(ConfigError);
  const { segments, next } = environmentOf(mathematics).start({
    task: mathematics.tasks[0] as never,
    tokenizer: policy,
  });
  // The rules of another environment are not those of code.
  expect(segments[0]?.text).toContain('final_answer');
  expect(next?.maxTokens).toBeGreaterThan(9);
});
