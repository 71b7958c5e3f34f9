import { expect, test } from 'vitest';
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
