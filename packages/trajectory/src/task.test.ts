import { expect, test } from 'vitest';
import { encodeTask, supportingTitles, type Task, taskSchema } from './task.js';

const record = {
  id: 'q1',
  question: 'What money is used in Peru?',
  golden_answers: ['Peruvian sol'],
  metadata: { type: 'currency', hops: 1, supporting_facts: { title: ['Peru', 'Sol', 'Peru'], sent_id: [0, 1, 2] } },
};

test('reads a FlashRAG record and writes it back', () => {
  const task = taskSchema.parse(record);
  expect(task).toEqual({
    id: 'q1',
    question: 'What money is used in Peru?',
    goldenAnswers: ['Peruvian sol'],
    metadata: record.metadata,
  });
  expect(encodeTask(task)).toEqual(record);
});

test('reads a row of Search-R1: prompt kept, null metadata and other columns dropped, numeric id to text', () => {
  const prompt = [{ role: 'user', content: 'Answer the given question.' }];
  const row = { id: 12, question: 'q', golden_answers: ['a'], prompt, metadata: null, ability: 'fact-reasoning' };
  expect(taskSchema.parse(row)).toEqual({ id: '12', question: 'q', goldenAnswers: ['a'], prompt });
});

test.each([
  [{ ...record, golden_answers: 'Peruvian sol' }, 'golden_answers'],
  [{ id: 'q1', question: 'x', goldenAnswers: [] }, 'golden_answers'],
  [{ ...record, id: '' }, 'id'],
  [{ ...record, question: 3 }, 'question'],
  [{ ...record, prompt: 'text' }, 'prompt'],
])('rejects %j and names %s', (row, key) => {
  expect(taskSchema.safeParse(row).error?.issues[0]?.path[0]).toBe(key);
});

test('supportingTitles reads both layouts, each title once', () => {
  const withFacts = (supporting_facts: unknown): Task => ({
    id: 'q',
    question: 'q',
    goldenAnswers: [],
    metadata: { supporting_facts },
  });
  expect(supportingTitles(taskSchema.parse(record))).toEqual(['Peru', 'Sol']);
  expect(
    supportingTitles(
      withFacts([
        ['Peru', 0],
        ['Lima', 3],
        ['Peru', 1],
      ]),
    ),
  ).toEqual(['Peru', 'Lima']);
  expect(supportingTitles(withFacts('Peru'))).toEqual([]);
  expect(supportingTitles({ id: 'q', question: 'q', goldenAnswers: [] })).toEqual([]);
});
