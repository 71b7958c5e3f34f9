import type { Trajectory } from '@dgpo/trajectory';
import { expect, test } from 'vitest';
import { renderEpisode } from './render-episode.js';

function episode(text: string, correct: boolean): Trajectory {
  return {
    id: 'a',
    task: { id: 'a', question: 'What money is used in Peru?', goldenAnswers: ['sol'] },
    environment: 'search',
    sample: 0,
    segments: [
      { kind: 'prompt', text: 'hidden' },
      { kind: 'policy', text },
    ],
    actions: [],
    outcome: { correct, reward: correct ? 1 : 0, answer: null, endedBy: 'turns' },
  };
}

test('one line for each part, blank lines and control characters left out', () => {
  const text = '<think>It is sol.</think><answer>so\u001b[31ml</answer>\n\n';
  expect(renderEpisode(episode(text, true)).split('\n')).toEqual([
    '  Question: What money is used in Peru?',
    '  <think>It is sol.</think>',
    '  <answer>so\u00b7[31ml</answer>',
    '  → right; the answer is sol',
  ]);
});

test('an episode that goes on and on is cut, and says by how much', () => {
  const lines = (count: number) => Array.from({ length: count }, (_, index) => `line ${index}`).join('\n');
  const whole = renderEpisode(episode(lines(14), false)).split('\n');
  expect(whole).toHaveLength(16);
  const cut = renderEpisode(episode(lines(30), false)).split('\n');
  expect(cut.slice(10)).toEqual(['  line 9', '  … 20 more lines', '  → wrong; the answer is sol']);
});
