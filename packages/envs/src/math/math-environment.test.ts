import { ConfigError, type Task } from '@dgpo/trajectory';
import { describe, expect, test } from 'vitest';
import { runEpisodes } from '../run-episodes.js';
import { createScriptedPolicy } from '../scripted-policy.js';
import { checkEnvironment } from '../testing/index.js';
import { createMathEnvironment } from './math-environment.js';

const task = (goldenAnswers: string[]): Task => ({ id: 'q', question: 'How long is the diagonal?', goldenAnswers });

async function play(written: string, goldenAnswers: string[], options = {}) {
  const policy = createScriptedPolicy({ script: () => written });
  const [episode] = await runEpisodes({
    environment: createMathEnvironment(options),
    policy,
    tasks: [task(goldenAnswers)],
    seed: 0,
  });
  return episode;
}

test('keeps the contract of environments', async () => {
  const tasks = ['18', '\\frac{1}{2}', '\\left( 3, \\frac{\\pi}{2} \\right)', '\\text{(C)}', '90^\\circ'].map(
    (golden, index) => ({ ...task([golden]), id: String(index) }),
  );
  const vocabulary = ['\\boxed{', '}', '18', '#### ', 'answer is ', '\\frac', ' ', '\n', '<answer>', '</answer>'];
  await checkEnvironment({ environment: createMathEnvironment(), tasks, vocabulary });
});

test('an equivalent answer is correct', async () => {
  const episode = await play('By Pythagoras it is \\boxed{\\sqrt{8}}.', ['5', '2\\sqrt{2}']);
  expect(episode?.outcome).toEqual({ correct: true, reward: 1, answer: '\\sqrt{8}', endedBy: 'answer' });
  expect(episode?.actions).toMatchObject([{ kind: 'answer', answer: '\\sqrt{8}', executed: true }]);
  expect(episode?.environment).toBe('math');
  expect(episode?.segments[0]?.text).toContain('How long is the diagonal?');
});

test.each([
  ['a wrong answer', '\\boxed{3}', { correct: false, reward: 0, answer: '3', endedBy: 'answer' }],
  ['one that cannot be decided', '\\boxed{five}', { correct: false, reward: 0, answer: 'five', endedBy: 'answer' }],
  ['none', 'I do not know.', { correct: false, reward: 0, answer: null, endedBy: 'turns' }],
])('%s is not correct', async (_, written, outcome) => {
  expect((await play(written, ['5']))?.outcome).toEqual(outcome);
});

test('a solution that is cut before its answer ends as length', async () => {
  const episode = await play('Let me think about it for a while.', ['5'], { maxTokens: 10 });
  expect(episode?.outcome).toMatchObject({ answer: null, endedBy: 'length' });
});

test('a prompt that leaves no room ends as length', async () => {
  const episode = await play('\\boxed{5}', ['5'], { maxContextTokens: 20 });
  expect(episode?.outcome).toMatchObject({ correct: false, endedBy: 'length' });
  expect(episode?.actions).toEqual([]);
});

describe('options out of range are refused', () => {
  test.each([
    [{ maxTokens: 0 }, 'maxTokens: expected a whole number of at least 1, found 0'],
    [{ maxContextTokens: 1.5 }, 'maxContextTokens'],
    [{ relativeTolerance: -1 }, 'relativeTolerance: expected a number from 0 to less than 1, found -1'],
    [{ promptTemplate: 'Solve it.' }, 'promptTemplate'],
  ])('%j', (options, message) => {
    expect(() => createMathEnvironment(options)).toThrow(ConfigError);
    expect(() => createMathEnvironment(options)).toThrow(message);
  });
});
