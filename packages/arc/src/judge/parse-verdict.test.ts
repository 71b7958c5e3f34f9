import { expect, test } from 'vitest';
import { parseVerdict } from './parse-verdict.js';

test.each([
  ['{"reason": "same person", "correct": true}', { correct: true, reason: 'same person' }],
  ['```json\n{"correct": false}\n```', { correct: false, reason: '' }],
  [
    '<think>{"correct": true}? no</think>{"reason": "another {city}", "correct": false}',
    { correct: false, reason: 'another {city}' },
  ],
  ['Verdict: {"verdict": "incorrect", "reason": "x"} as said.', { correct: false, reason: 'x' }],
  ['{"correct": "Yes"}', { correct: true, reason: '' }],
  ['{"a": {"b": 1}} then {"correct": true}', { correct: true, reason: '' }],
  [' **Correct.** ', { correct: true, reason: '' }],
  ['no', { correct: false, reason: '' }],
])('%s', (reply, verdict) => {
  expect(parseVerdict(reply)).toEqual(verdict);
});

test.each([
  '',
  'I cannot say',
  'It is not correct',
  '{"correct": 1}',
  '{"correct": true',
  '{"correct": true} or {"correct": false}',
  '{"reason": "x"}',
  '<think>correct',
  '{'.repeat(5000),
])('no verdict in %s', (reply) => {
  expect(parseVerdict(reply)).toBeNull();
});
