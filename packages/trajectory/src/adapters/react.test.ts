import { expect, test } from 'vitest';
import { react } from './react.js';

const read = (trajectory: string, more: object = {}) => react.toTrajectory({ trajectory, answer: 'sol', ...more });
const brief = (text: string) =>
  read(text, { question: 'q' }).actions.map(({ kind, query, answer, command, executed }) => [
    kind,
    query ?? answer ?? command ?? '',
    executed,
  ]);

test('the form of the paper, after examples', () => {
  const examples = 'Question: Example?\nThought 1: easy\nAction 1: Finish[Beijing]\n\n';
  const text = `${examples}Question: What money?\nThought 1: hm\nAction 1: Search[Peru [country]]\nObservation 1: Its money is the sol.\nThought 2: so\nAction 2: Finish[sol]\n`;
  const { segments, actions, task, outcome } = read(text, { question: 'What money?' });
  expect(task.question).toBe('What money?');
  expect(segments.map(({ kind, text: written }) => [kind, written])).toEqual([
    ['prompt', `${examples}Question: What money?\n`],
    ['policy', 'Thought 1: hm\nAction 1: Search[Peru [country]]\n'],
    ['observation', 'Observation 1: Its money is the sol.\n'],
    ['policy', 'Thought 2: so\nAction 2: Finish[sol]\n'],
  ]);
  expect(actions).toMatchObject([
    {
      turn: 0,
      kind: 'search',
      query: 'Peru [country]',
      executed: true,
      documents: [{ document: { contents: 'Its money is the sol.' } }],
    },
    { turn: 1, kind: 'answer', answer: 'sol' },
  ]);
  expect(outcome).toEqual({ correct: true, reward: 1, answer: 'sol', endedBy: 'answer' });
});

test.each([
  [
    'Question: First?\nThought 1: easy\nAction 1: Finish[Beijing]\n\nQuestion: Where?\n',
    'Thought 1: a\nAction 1: Finish[sol]',
  ],
  [
    'Question: First?\nThought: a\nAction: Search[x]\nObservation: y\nThought: b\nAction: Finish[no]\nQuestion: Where?\n',
    '\nThought: a\nAction: Finish[sol]',
  ],
  ['Question: what you must answer\nThought: think\n\nBegin!\n\nQuestion: Where?\n', 'Thought: a\nFinal Answer: sol'],
])('a question that only the text asks, after examples: %j', (prompt, written) => {
  const { task, segments, actions, outcome } = read(`${prompt}${written}`);
  expect(task.question).toBe('Where?');
  expect(segments.map(({ text }) => text)).toEqual([prompt, written]);
  expect([actions.length, outcome.answer]).toEqual([1, 'sol']);
});

test('a question that the policy made up after its answer does not begin the episode', () => {
  const text = 'Question: Where?\nThought: a\nAction: Finish[sol]\nQuestion: Who?\n';
  expect(read(text).task.question).toBe('Where?');
  expect(read(`${text}Thought: b\nAction: Finish[no]`, { question: 'Where is it?' }).segments[0]?.text).toBe(
    'Question: Where?\n',
  );
});

test.each([
  [
    'Action Input',
    'Thought: a\nAction: Wikipedia Search\nAction Input: "Peru"\nObservation: x\nThought: b\nFinal Answer: sol',
    [
      ['search', 'Peru', true],
      ['answer', 'sol', true],
    ],
  ],
  [
    'Action Input as JSON',
    'Thought: a\nAction: search\nAction Input: {"query": "Peru"}\nObservation: x\n',
    [['search', 'Peru', true]],
  ],
  ['another tool', 'Thought: a\nAction: Lookup[money]\nObservation: x\n', [['command', 'Lookup(money)', true]]],
  [
    'no action',
    'Thought: a\nObservation: x\nThought: b\nAction: Finish[sol]',
    [
      ['invalid', '', false],
      ['answer', 'sol', true],
    ],
  ],
  [
    'an action that cannot be read',
    'Thought 1: a\nAction 1: Search Peru\nObservation 1: Invalid action',
    [['invalid', '', false]],
  ],
  ['a search at the end', 'Thought: a\nAction: Search[Peru]\n', [['search', 'Peru', false]]],
  [
    'labels inside of a numbered observation',
    'Action 1: Search[a]\nObservation 1: x\nAction 9: Finish[no]\nThought: no\nThought 2: b\nAction 2: Finish[sol]',
    [
      ['search', 'a', true],
      ['answer', 'sol', true],
    ],
  ],
  [
    'an action inside of an observation',
    'Thought: t\nAction: Search[a]\nObservation: x\nAction: Finish[no]\nThought: b\nAction: Finish[sol]',
    [
      ['search', 'a', true],
      ['answer', 'sol', true],
    ],
  ],
  [
    'no thoughts at all',
    'Action: Search[a]\nObservation: x\nAction: Finish[sol]',
    [
      ['search', 'a', true],
      ['answer', 'sol', true],
    ],
  ],
])('%s', (_, text, expected) => {
  expect(brief(text)).toEqual(expected);
  expect(
    read(text, { question: 'q' })
      .segments.map(({ text: written }) => written)
      .join(''),
  ).toBe(text);
});

test('the question of the text', () => {
  expect(read('Question: Where?\nThought: a\nAction: Finish[sol]').task.question).toBe('Where?');
  expect(() => read('Thought: a\nAction: Finish[sol]')).toThrow('question: missing');
});

test('takes time in proportion to the length', () => {
  for (const trap of [
    'Action: Search[a]\nObservation: x\n',
    'Thought: \n',
    'Observation 1',
    ' '.repeat(50),
    'Action:\n',
  ]) {
    const text = `Thought: a\n${trap.repeat(Math.ceil(200_000 / trap.length))}`;
    expect(
      read(text, { question: 'q' })
        .segments.map(({ text: written }) => written)
        .join('').length,
    ).toBe(text.length);
  }
});
