import type { AgentEvent } from '@dgpo/envs';
import type { Trajectory } from '@dgpo/trajectory';
import picocolors from 'picocolors';
import { expect, it } from 'vitest';
import { encodeEvent, renderEvent } from './render-events.js';

const trajectory: Trajectory = {
  id: 'ask-0',
  task: { id: 'ask-0', question: 'What is the capital of Peru?', goldenAnswers: [] },
  environment: 'search',
  sample: 0,
  segments: [],
  actions: [],
  outcome: { correct: false, reward: 0, answer: 'Lima', endedBy: 'answer' },
};
const contents = `"Peru"\nIts capital is Lima. ${'It is large. '.repeat(20)}`;
const events: AgentEvent[] = [
  { type: 'invalid', text: 'hm\nhm' },
  { type: 'thought', text: 'I need\nPeru.' },
  { type: 'search', query: 'capital of Peru' },
  { type: 'documents', query: 'capital of Peru', documents: [{ document: { id: '0', contents }, score: 1 }] },
  { type: 'documents', query: 'x', documents: [] },
  { type: 'open', document: 'Peru' },
  { type: 'tool', name: 'add', arguments: { a: 1 } },
  { type: 'observation', text: 'the sum\nis 1' },
  { type: 'answer', answer: 'Lima', trajectory },
  {
    type: 'answer',
    answer: null,
    trajectory: { ...trajectory, outcome: { ...trajectory.outcome, answer: null, endedBy: 'turns' } },
  },
];

it('is plain without colours', () => {
  const text = events.map((event) => renderEvent(event, picocolors.createColors(false))).join('');
  expect(`\n${text}`).toMatchInlineSnapshot(`
    "
    invalid hm hm
    think   I need Peru.
    search  capital of Peru
            1. Peru Its capital is Lima. It is large. It is large. It is large. It is large. It is large. It is large. …
            nothing found
    open    Peru
    tool    add {"a":1}
            the sum is 1
    answer  Lima
    no answer: it used up its turns
    "
  `);
});

it('has colours on a terminal', () => {
  const colors = picocolors.createColors(true);
  expect(renderEvent({ type: 'answer', answer: 'Lima', trajectory }, colors)).toBe(
    '\u001b[32manswer\u001b[39m  \u001b[1mLima\u001b[22m\n',
  );
});

it('is one JSON object a line for machines', () => {
  const lines = events.map(encodeEvent);
  expect(lines.every((line) => line.indexOf('\n') === line.length - 1)).toBe(true);
  expect(JSON.parse(lines[2] ?? '')).toEqual({ type: 'search', query: 'capital of Peru' });
  expect(JSON.parse(lines[8] ?? '')).toMatchObject({
    type: 'answer',
    answer: 'Lima',
    trajectory: { task: { question: 'What is the capital of Peru?', golden_answers: [] } },
  });
});
