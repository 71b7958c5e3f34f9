import { DatasetError, encodeTrajectory, flattenTrajectory, trajectorySchema } from '@dgpo/trajectory';
import { describe, expect, test } from 'vitest';
import { episode } from '../__fixtures__/episodes.js';
import { task, tokenizer } from './__fixtures__/code-world.js';
import { chainOfThoughtTrajectory, readFinalAnswer } from './chain-of-thought-trajectory.js';
import { replacePrompt } from './replace-prompt.js';

const prompt = { text: 'short', tokenIds: [7] };

describe('replacePrompt', () => {
  const teacher = episode({ task: 'a', turns: [[1, 2], [3]] });

  test('prompt and observation have mask 0, thoughts and code 1; what was sampled stays', () => {
    const student = replacePrompt(teacher, prompt);
    expect(flattenTrajectory(student)).toEqual({
      tokenIds: [7, 1, 2, 80, 81, 3],
      policyMask: [0, 1, 1, 0, 0, 1],
      logProbs: [0, Number.NaN, Number.NaN, 0, 0, Number.NaN],
    });
    expect(flattenTrajectory(teacher).policyMask).toEqual([0, 0, 1, 1, 0, 0, 1]);
    expect(student).toEqual({ ...teacher, segments: student.segments });
    expect(teacher.segments[1]?.logProbs).toEqual([-0.1, -0.2]);
  });

  test('several prompt segments become one', () => {
    const [first, ...rest] = teacher.segments;
    const twice = { ...teacher, segments: [...(first === undefined ? [] : [first, first]), ...rest] };
    expect(replacePrompt(twice, prompt)).toEqual(replacePrompt(teacher, prompt));
    const alone = { ...teacher, segments: teacher.segments.slice(0, 1) };
    expect(replacePrompt(alone, prompt).segments).toEqual([{ kind: 'prompt', ...prompt }]);
  });

  test('refuses what has no prompt, and a prompt without tokens', () => {
    expect(() => replacePrompt({ ...teacher, segments: teacher.segments.slice(1) }, prompt)).toThrow(DatasetError);
    expect(() => replacePrompt({ ...teacher, segments: [] }, prompt)).toThrow(DatasetError);
    expect(() => replacePrompt(teacher, { text: 'short' })).toThrow('trajectory a#0: the new prompt has no token ids');
  });
});

test.each([
  { text: 'So.\n<answer> 42 </answer>', expected: '42' },
  { text: '<answer>1</answer> no: <answer>2</answer>', expected: '2' },
  { text: '<answer>\\boxed{\\frac{1}{2}}</answer>', expected: '\\frac{1}{2}' },
  { text: 'thus \\boxed{1} and \\boxed{\\{a, b\\}} it is', expected: '\\{a, b\\}' },
  { text: '<answer></answer>', expected: null },
  { text: '</answer><answer>', expected: null },
  { text: '\\boxed{1', expected: null },
  { text: 'it is 42', expected: null },
])('the answer of $text', ({ text, expected }) => {
  expect(readFinalAnswer(text)).toBe(expected);
});

describe('chainOfThoughtTrajectory', () => {
  test('a prompt and one turn of the policy', () => {
    const text = '17 + 25 = 42.\n\n<answer>42</answer>';
    const trajectory = chainOfThoughtTrajectory({
      task,
      text,
      prompt,
      tokenizer,
      end: '<e>',
      sample: 2,
      policy: 'teacher',
    });
    const tokenIds = tokenizer.encode(`${text}<e>`);
    expect(trajectory).toEqual({
      id: 'sum#2',
      task,
      environment: 'chain-of-thought',
      policy: 'teacher',
      sample: 2,
      segments: [
        { kind: 'prompt', ...prompt },
        { kind: 'policy', text: `${text}<e>`, tokenIds },
      ],
      actions: [{ turn: 0, kind: 'answer', text, answer: '42', executed: true }],
      outcome: { correct: true, reward: 1, answer: '42', endedBy: 'answer' },
    });
    expect(flattenTrajectory(trajectory).policyMask).toEqual([0, ...tokenIds.map(() => 1)]);
    expect(trajectorySchema.parse(JSON.parse(JSON.stringify(encodeTrajectory(trajectory))))).toEqual(trajectory);
  });

  test('wrong and missing answers are not correct; only the end may hold special tokens', () => {
    const special: [string, boolean][] = [];
    const spied = {
      encode: (text: string, options: { allowSpecial?: boolean } = {}) => {
        special.push([text, options.allowSpecial ?? false]);
        return tokenizer.encode(text);
      },
    };
    const made = (text: string, end = '') => chainOfThoughtTrajectory({ task, text, prompt, tokenizer: spied, end });
    expect(made('<answer>41</answer>', '<e>').outcome).toEqual({
      correct: false,
      reward: 0,
      answer: '41',
      endedBy: 'answer',
    });
    expect(made('42').outcome).toEqual({ correct: false, reward: 0, answer: null, endedBy: 'turns' });
    expect(made('42').actions).toEqual([{ turn: 0, kind: 'invalid', text: '42', executed: false }]);
    expect(special.slice(0, 2)).toEqual([
      ['<answer>41</answer>', false],
      ['<e>', true],
    ]);
    const own = chainOfThoughtTrajectory({
      task,
      text: '\\boxed{41}',
      prompt,
      tokenizer,
      isCorrect: ({ answer }) => answer === '41',
    });
    expect(own.outcome.correct).toBe(true);
  });
});
