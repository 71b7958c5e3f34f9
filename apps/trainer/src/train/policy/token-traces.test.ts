import type { Trajectory } from '@dgpo/trajectory';
import { expect, test } from 'vitest';
import { toGrid } from '../token-grid.js';
import { tokenTraces } from './token-traces.js';

const episode = (id: string): Trajectory => ({
  id,
  task: { id, question: 'q', goldenAnswers: [] },
  environment: 'search',
  sample: 0,
  segments: [],
  actions: [],
  outcome: { correct: false, reward: 0, answer: null, endedBy: 'turns' },
});

// Episodes 0, 2 and 3 of an update; the world broke the second one.
const batch = {
  episodes: [episode('a#0'), episode('c#0'), episode('d#0')],
  counts: [2, 1, 3],
  gate: Float32Array.of(1, 0, 1),
};
const logProbs = toGrid([Float32Array.of(-0.5, -0.25), Float32Array.of(-1), Float32Array.of(-2, -3, -4)]).grid;
const advantages = toGrid([Float32Array.of(1, 1), Float32Array.of(-1), Float32Array.of(0, 0.5, 0.1)]).grid;
const shared = { batch, chosen: [0, 2, 3], logProbs, advantages };

test('records the first episodes, token by token, and which the gate selected', () => {
  const referenceScores = [
    { logProbs: Float32Array.of(-0.125, -0.75) },
    { logProbs: Float32Array.of(-2) },
    { logProbs: Float32Array.of(-1, -1, -1) },
  ];
  expect(tokenTraces({ ...shared, count: 3, referenceScores })).toEqual([
    {
      id: 'a#0',
      episode: 0,
      gated: true,
      logProbs: [-0.5, -0.25],
      referenceLogProbs: [-0.125, -0.75],
      advantages: [1, 1],
    },
    { id: 'c#0', episode: 2, gated: false, logProbs: [-1], referenceLogProbs: [-2], advantages: [-1] },
  ]);
});

test('a row ends where its tokens end, digits where those of a 32-bit float do', () => {
  const traces = tokenTraces({ ...shared, count: 16, referenceScores: undefined });
  // The nearest 32-bit float to 0.1 is 0.100000001490116….
  expect(traces[2]).toEqual({
    id: 'd#0',
    episode: 3,
    gated: true,
    logProbs: [-2, -3, -4],
    advantages: [0, 0.5, 0.1],
  });
  expect(tokenTraces({ ...shared, count: 0, referenceScores: undefined })).toEqual([]);
});
