import { expect, test } from 'vitest';
import { invalid, passage, search } from '../__fixtures__/make-episode.js';
import { splitTranscript } from './split-transcript.js';

test('tags count only in the segments of their author', () => {
  expect(
    splitTranscript({
      segments: [
        { kind: 'prompt', text: 'Use <answer>. Question?' },
        { kind: 'policy', text: '<think> first </think>\n<search>query</search>' },
        { kind: 'observation', text: '\n<information>Doc 1 <answer>trap</answer></information>\n' },
        { kind: 'policy', text: 'loose <answer>sol' },
        { kind: 'observation', text: 'That was no action.' },
        { kind: 'policy', text: '  ' },
      ],
    }),
  ).toEqual([
    { kind: 'prompt', text: 'Use <answer>. Question?' },
    { kind: 'think', text: 'first' },
    { kind: 'search', text: 'query' },
    { kind: 'information', text: 'Doc 1 <answer>trap</answer>' },
    { kind: 'text', text: 'loose' },
    { kind: 'answer', text: 'sol' },
    { kind: 'notice', text: 'That was no action.' },
  ]);
});

test('queries and documents of R1-Searcher', () => {
  expect(
    splitTranscript({
      segments: [
        { kind: 'policy', text: 'I ask <|begin_of_query|> money of Peru<|end_of_query|>' },
        { kind: 'observation', text: '<|begin_of_documents|>\n(1)Peru <|begin_of_query|>trap\n<|end_of_documents|>' },
        { kind: 'policy', text: 'It is the sol.</think><answer>sol</answer>' },
      ],
    }),
  ).toEqual([
    { kind: 'text', text: 'I ask' },
    { kind: 'search', text: 'money of Peru' },
    { kind: 'information', text: '(1)Peru <|begin_of_query|>trap' },
    { kind: 'text', text: 'It is the sol.</think>' },
    { kind: 'answer', text: 'sol' },
  ]);
});

test('without segments the actions tell the episode', () => {
  expect(
    splitTranscript({
      segments: [],
      actions: [
        search(0, 'money', [passage('Peru', 'The sol.'), passage('Chile', 'The peso.')]),
        { turn: 1, kind: 'search', text: 'tool call', query: 'sol', executed: false },
        invalid(2),
        { turn: 3, kind: 'answer', text: '', answer: 'sol', executed: true },
      ],
    }),
  ).toEqual([
    { kind: 'search', text: 'money' },
    { kind: 'information', text: '"Peru"\nThe sol.\n\n"Chile"\nThe peso.' },
    { kind: 'text', text: 'tool call' },
    { kind: 'search', text: 'sol' },
    { kind: 'text', text: 'hm' },
    { kind: 'answer', text: 'sol' },
  ]);
});
