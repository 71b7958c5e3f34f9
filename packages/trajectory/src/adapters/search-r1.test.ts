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

  const inside = (text: string, prompt: unknown = instructions) => ({ question: 'Where?', prompt, text });
  const system = { role: 'system', content: 'Be brief, as in <answer> Beijing </answer>.' };
  test.each([
    ['after a token', inside(`<s>${instructions}${response}`)],
    [
      'in a template that the prompt lacks',
      inside(`<bos><start_of_turn>user\n${instructions}<end_of_turn>\n<start_of_turn>model\n${response}`),
    ],
    [
      'in a template that the text lacks',
      inside(
        `user\n${instructions}assistant\n${response}`,
        `<|im_start|>user\n${instructions}<|im_end|>\n<|im_start|>assistant\n`,
      ),
    ],
    ['in an unknown template', inside(`[user]${instructions.trim()}[bot]${response}`)],
    [
      'after a system message',
      inside(`<<SYS>>${system.content}<</SYS>>\n${instructions}${response}`, [
        system,
        { role: 'user', content: instructions },
      ]),
    ],
    ['as a bare question', inside(`${instructions}${response}`, 'Where?')],
    ['with other blanks', inside(`${instructions.replace('within', ' within')}${response}`)],
    [
      'as messages of Llama',
      inside(
        `<|start_header_id|>user<|end_header_id|>\n\n${instructions}<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n${response}`,
        [{ role: 'user', content: instructions }],
      ),
    ],
  ])('in the text, %s', (_, record) => {
    const { segments, actions, outcome } = read(record);
    expect(actions.map(({ kind }) => kind)).toEqual(['search', 'answer']);
    expect(outcome.answer).toBe('Paris');
    expect(segments.map(({ text }) => text).join('')).toBe(record.text);
    expect(segments[0]).toMatchObject({ kind: 'prompt', text: expect.stringContaining('Beijing') });
  });

  test('the example is no answer of an episode that has none', () => {
    const { outcome } = read(
      inside(`<bos><start_of_turn>user\n${instructions}<end_of_turn>\n<start_of_turn>model\nhm`),
    );
    expect(outcome.answer).toBeNull();
  });

  test.each([
    ['<search>q</search><|im_end|>\n<|im_start|>user\n<information>x</information><|im_end|>\n<|im_start|>assistant\n'],
    [`I wonder. <search>q</search><|im_end|>\n<|im_start|>user\nx<|im_end|>\n<|im_start|>assistant\n`],
    ['<search>q</search>\n<information>x</information>\nQuestion: Where?\n'],
    ['I wonder. <search>q</search>\n<information>x</information>\nQuestion: Where?\n'],
  ])('the first turn of a response beside its prompt is none: %j', (turn) => {
    for (const prompt of [instructions, 'Where?', [{ role: 'user', content: instructions }]]) {
      const { segments, actions } = read({ question: 'Where?', prompt, response: `${turn}<answer>Paris</answer>` });
      expect(actions.map(({ kind }) => kind)).toEqual(['search', 'answer']);
      expect(segments[0]?.text).toBe(typeof prompt === 'string' ? prompt : instructions);
    }
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
