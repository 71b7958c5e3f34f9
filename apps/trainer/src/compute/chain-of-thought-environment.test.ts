import { createScriptedPolicy, runEpisodes } from '@dgpo/envs';
import type { Task } from '@dgpo/trajectory';
import { expect, test } from 'vitest';
import { arithmeticTasks, createArithmeticWorld } from '../arithmetic/index.js';
import { createAtlas } from '../atlas/index.js';
import { chainOfThoughtEnvironment } from './chain-of-thought-environment.js';

const rules = { kind: 'chain-of-thought', maxTokensPerTurn: 1000, maxContextTokens: 4000 } as const;
const task: Task = { id: 'peru', question: 'How large is Peru?', goldenAnswers: ['1285'] };

async function play(script: () => string, settings: Parameters<typeof chainOfThoughtEnvironment>[0] = rules) {
  const environment = chainOfThoughtEnvironment(settings);
  const [episode] = await runEpisodes({
    environment,
    policy: createScriptedPolicy({ script }),
    tasks: [task],
    seed: 0,
  });
  if (episode === undefined) throw new Error('no episode');
  return episode;
}

test.each([
  ['I recall it.\n\n<answer>1,285</answer>', { correct: true, reward: 1, answer: '1,285', endedBy: 'answer' }],
  ['It is $\\boxed{1285.0}$.', { correct: true, reward: 1, answer: '1285.0', endedBy: 'answer' }],
  // Without the point this would be the golden answer.
  ['<answer>128.5</answer>', { correct: false, reward: 0, answer: '128.5', endedBy: 'answer' }],
  ['I do not know.', { correct: false, reward: 0, answer: null, endedBy: 'turns' }],
  ['x'.repeat(2000), { correct: false, reward: 0, answer: null, endedBy: 'length' }],
])('%.30s', async (text, outcome) => {
  const { outcome: reached, actions, environment } = await play(() => text);
  expect(reached).toEqual(outcome);
  expect(actions).toHaveLength(1);
  expect(actions[0]?.kind).toBe(outcome.answer === null ? 'invalid' : 'answer');
  expect(environment).toBe('chain-of-thought');
});

test('an episode is one turn, which ends with its answer', async () => {
  const { segments, outcome } = await play(() => '<answer>1285</answer>', {
    ...rules,
    promptTemplate: 'Q: {question}\n',
  });
  expect(segments.map(({ kind, text }) => [kind, text])).toEqual([
    ['prompt', 'Q: How large is Peru?\n'],
    ['policy', '<answer>1285</answer>'],
  ]);
  expect(outcome.correct).toBe(true);
  const { next } = chainOfThoughtEnvironment(rules).start({
    task,
    tokenizer: createScriptedPolicy({ script: () => '' }),
  });
  expect(next?.stop).toEqual(['</answer>']);
});

test('the expert knows the demo world, and elsewhere the golden answer', async () => {
  const world = { seed: 0, inventedCountries: 160 };
  const tasks = arithmeticTasks({ world: createArithmeticWorld(createAtlas(world)), split: 'fiction', count: 12 });
  const { oracle = () => '', ...environment } = chainOfThoughtEnvironment({ ...rules, world });
  const policy = createScriptedPolicy({ script: oracle });
  const episodes = await runEpisodes({ environment, policy, tasks: [...tasks, task], seed: 0 });
  expect(episodes.map(({ outcome }) => outcome.correct)).toEqual(episodes.map(() => true));
  expect(episodes[0]?.segments[1]?.text).toMatch(/^I need the .*\n\n.*\n\n<answer>/);
  expect(episodes.at(-1)?.segments[1]?.text).toBe('I know the answer.\n\n<answer>1285</answer>');
});

test('rules out of range are refused', () => {
  expect(() => chainOfThoughtEnvironment({ ...rules, maxTokensPerTurn: 0 })).toThrow(/maxTokensPerTurn/);
  expect(() => chainOfThoughtEnvironment({ ...rules, promptTemplate: 'nothing' })).toThrow(/\{question\}/);
});
