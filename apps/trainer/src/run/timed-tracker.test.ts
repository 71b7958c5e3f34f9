import { expect, test } from 'vitest';
import { createTimedTracker } from './timed-tracker.js';
import type { Metrics } from './tracker.js';

test('adds the wall time of each step, and the rate where tokens are counted', async () => {
  const lines: [number, Metrics][] = [];
  let finished = false;
  let time = 1000;
  const tracker = createTimedTracker({
    tracker: {
      log: (metrics, step) => lines.push([step, metrics]),
      finish: async () => {
        finished = true;
      },
    },
    now: () => time,
  });
  time = 3000;
  tracker.log({ loss: 1, num_tokens: 500 }, 7);
  time = 3500;
  tracker.log({ reward: 1 }, 8);
  tracker.log({ num_tokens: 3 }, 9);
  await tracker.finish();
  expect(lines).toEqual([
    [7, { loss: 1, num_tokens: 500, step_time: 2, 'perf/throughput': 250 }],
    [8, { reward: 1, step_time: 0.5 }],
    [9, { num_tokens: 3, step_time: 0 }],
  ]);
  expect(finished).toBe(true);
});
