import type { Task } from '@dgpo/trajectory';
import { expect, test } from 'vitest';
import { recordPassages } from './record-passages.js';

const task = (metadata: Record<string, unknown>): Task => ({
  id: 'a',
  question: 'q',
  goldenAnswers: ['sol'],
  metadata,
});

const facts = { title: ['Peru', 'Money of Peru', 'Peru'], sent_id: [0, 0, 1] };
const expected = ['Peru\nA country. Its capital is Lima.', 'Money of Peru\nThe sol.'];

test.each([
  {
    name: 'HotpotQA in FlashRAG',
    metadata: {
      supporting_facts: facts,
      context: {
        title: ['Chile', 'Money of Peru', 'Peru'],
        sentences: [['No.'], ['The sol.'], ['A country.', ' Its capital is Lima.']],
      },
    },
  },
  {
    name: '2WikiMultihopQA in FlashRAG',
    metadata: {
      supporting_facts: facts,
      context: {
        title: ['Money of Peru', 'Peru'],
        content: [['The sol.'], ['A country.', 'Its capital is Lima.']],
      },
    },
  },
  {
    name: 'the original files of both',
    metadata: {
      supporting_facts: [
        ['Peru', 0],
        ['Money of Peru', 0],
      ],
      context: [
        ['Money of Peru', ['The sol.']],
        ['Peru', ['A country.', ' Its capital is Lima.']],
      ],
    },
  },
  {
    name: 'MuSiQue, in the order of the hops',
    metadata: {
      paragraphs: [
        { idx: 0, title: 'Chile', paragraph_text: 'No.', is_supporting: false },
        { idx: 1, title: 'Money of Peru', paragraph_text: 'The sol.', is_supporting: true },
        { idx: 2, title: 'Peru', paragraph_text: 'A country. Its capital is Lima.', is_supporting: true },
      ],
      question_decomposition: [{ paragraph_support_idx: 2 }, { paragraph_support_idx: 1 }],
    },
  },
])('$name', ({ metadata }) => {
  expect(recordPassages(task(metadata))).toEqual(expected);
});

test('MuSiQue without a decomposition keeps the order of the record', () => {
  const paragraphs = [
    { title: 'B', paragraph_text: 'two', is_supporting: true },
    { title: 'A', paragraph_text: 'one', is_supporting: true },
  ];
  expect(recordPassages(task({ paragraphs }))).toEqual(['B\ntwo', 'A\none']);
});

test.each([
  {
    positive_passages: [
      { docid: '1', title: 'Sol', text: 'The sol.' },
      { title: 'Other', text: 'x' },
    ],
  },
  { positive_ctxs: [{ title: 'Sol', text: 'The sol.', score: 1000 }] },
  {
    ctxs: [
      { title: 'No', text: 'x', hasanswer: false },
      { title: 'Sol', text: 'The sol.', hasanswer: true },
    ],
  },
  { ctxs: [{ title: 'Sol', text: 'The sol.', has_answer: true }] },
])('NQ: %j', (metadata) => {
  expect(recordPassages(task(metadata))).toEqual(['Sol\nThe sol.']);
});

test.each([
  {},
  { supporting_facts: facts, context: [['Peru', ['A country.']]] },
  { supporting_facts: facts },
  { context: { title: ['Peru'], sentences: 'broken' }, supporting_facts: facts },
  { paragraphs: [{ title: 'A', paragraph_text: 'one', is_supporting: false }] },
  { positive_ctxs: [] },
  { ctxs: [{ title: 'No', text: 'x' }] },
])('half of the evidence or none is none: %j', (metadata) => {
  expect(recordPassages(task(metadata))).toEqual([]);
});

test('a task without metadata', () => {
  expect(recordPassages({ id: 'a', question: 'q', goldenAnswers: [] })).toEqual([]);
});
