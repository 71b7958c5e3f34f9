import { describe, expect, test } from 'vitest';
import { searchR1 } from './search-r1.js';

const response = '<search>q</search>\n<information>x</information>\n<answer>Paris</answer>';
const read = (record: unknown) => searchR1.toTrajectory(record);
const instructions = 'Answer within <answer> and </answer>, for example <answer> Beijing </answer>. Question: Where?\n';

describe('the prompt is never scored', () => {
  test.each([
    ['beside the response', { question: 'Where?', prompt: instructions, response }],
    ['verl rollouts', { input: instructions, output: response, gts: { target: ['Paris'] }, score: 1, step: 5 }],
    [
      'before it, with a chat template',
      { question: 'Where?', text: `<|im_start|>user\n${instructions}<|im_end|>\n<|im_start|>assistant\n${response}` },
    ],
    ['before it, as the question on a line of its own', { question: 'Where?', text: `${instructions}${response}` }],
    ['as messages', { question: 'Where?', prompt: [{ role: 'user', content: instructions }], response }],
  ])('%s', (_, record) => {
    const { task, actions, outcome, segments } = read(record);
    expect(task.question).toBe('Where?');
    expect(actions.map(({ kind }) => kind)).toEqual(['search', 'answer']);
    expect(outcome.answer).toBe('Paris');
    expect(segments[0]).toMatchObject({ kind: 'prompt', text: expect.stringContaining('Beijing') });
  });

  test('an episode without an answer has none, though the prompt names Beijing', () => {
    const { outcome } = read({
      question: 'Where?',
      golden_answers: ['Beijing'],
      prompt: instructions,
      response: '<think>hm</think>',
    });
    expect(outcome).toEqual({ correct: false, reward: 0, answer: null, endedBy: 'turns' });
  });
});

describe('golden answers, ids and correctness', () => {
  const base = { question: 'Where?', response };
  test.each([
    [{ golden_answers: ['Paris', 'paris'] }, ['Paris', 'paris'], true],
    [{ answer: 'Rome' }, ['Rome'], false],
    [{ reward_model: { style: 'rule', ground_truth: { target: ['paris'] } } }, ['paris'], true],
    [{ ground_truth: { target: 'Rome' } }, ['Rome'], false],
    [{ answer: { value: 'Rome', aliases: ['Roma'] } }, ['Rome', 'Roma'], false],
    [{ golden_answers: '["Rome", "Paris"]' }, ['Rome', 'Paris'], true],
    [{ answer: 1900, aliases: ['nineteen hundred'] }, ['1900', 'nineteen hundred'], false],
    [{ metadata: { answer: 'Rome' } }, ['Rome'], false],
    // A key that says golden goes before what may be the answer of the policy, wherever it is nested.
    [{ answer: 'Rome', reward_model: { ground_truth: { target: ['Paris'] } } }, ['Paris'], true],
    [{ answer: 'Rome', extra_info: { golden_answers: ['Paris'] } }, ['Paris'], true],
    [{ answers: ['Rome'], metadata: { ground_truth: 'Paris' } }, ['Paris'], true],
    [{ answer: 'Rome', reward_model: { answer: 'Paris' } }, ['Rome'], false],
    [{}, [], false],
    // What the log says of the answer goes before the match: a flag, then a reward of 0 or 1.
    [{ golden_answers: ['Rome'], correct: true }, ['Rome'], true],
    [{ golden_answers: ['Rome'], reward: 1 }, ['Rome'], true],
    [{ golden_answers: ['Paris'], score: 0 }, ['Paris'], false],
    [{ golden_answers: ['Paris'], reward: 0.2 }, ['Paris'], true],
  ])('%j', (given, goldenAnswers, correct) => {
    const { task, outcome } = read({ ...base, ...given });
    expect(task.goldenAnswers).toEqual(goldenAnswers);
    expect(outcome.correct).toBe(correct);
  });

  test.each([
    [{ id: 7 }, '7#0'],
    [{ qid: 'dev_1', sample: 3 }, 'dev_1#3'],
    [{ data_source: 'nq', extra_info: { split: 'test', index: 0 } }, 'nq-test-0#0'],
    [{}, 'Where?#0'],
  ])('the id of %j is %s', (given, id) => {
    expect(read({ ...base, ...given }).id).toBe(id);
  });

  test('names and metadata', () => {
    const trajectory = read({
      ...base,
      data_source: 'nq',
      model: 'm',
      extra_info: { type: 'bridge' },
      metadata: { hops: 2 },
    });
    expect(trajectory).toMatchObject({
      environment: 'nq',
      policy: 'm',
      task: { metadata: { hops: 2, type: 'bridge', data_source: 'nq' } },
    });
  });
});

test('how it ended', () => {
  const ended = (given: object) => read({ question: 'Where?', response: '<think>x</think>', ...given }).outcome;
  expect(ended({ finish_reason: 'length' }).endedBy).toBe('length');
  expect(ended({ response: '<answer>Par' }).endedBy).toBe('length');
  expect(ended({ error: 'server gone' })).toMatchObject({ endedBy: 'error', error: 'server gone', correct: false });
});

test.each([
  [{ response }, 'question: missing or empty'],
  [{ question: 'Where?', response, reward: 'NaN' }, 'reward: expected a finite number, found NaN'],
  [{ question: 'Where?', response, score: 'high' }, 'score: expected a finite number, found high'],
  [{ question: 'Where?', response, correct: 'maybe' }, 'correct: expected true or false, found maybe'],
  [{ question: 'Where?' }, 'expected an object with question'],
])('%j is refused', (record, message) => {
  expect(() => read(record)).toThrow(message);
});
