import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createRenewal } from './renewal.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A task that ends when it is told to, and what became of its runs. */
function slowTask() {
  const runs: { end: () => void; signal: AbortSignal }[] = [];
  const task = (signal: AbortSignal) =>
    new Promise<void>((end) => {
      runs.push({ end, signal });
    });
  return { runs, task };
}

it('runs once more however often it was asked while it ran', async () => {
  const { runs, task } = slowTask();
  const renewal = createRenewal(task);
  renewal.restart();
  for (let asked = 0; asked < 50; asked += 1) {
    renewal.request();
    await vi.advanceTimersByTimeAsync(1000);
  }
  expect(runs).toHaveLength(1);
  expect(runs[0]?.signal.aborted).toBe(false);
  runs[0]?.end();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(runs).toHaveLength(2);
  runs[1]?.end();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(runs).toHaveLength(2);
});

it('gives up what runs when it starts anew, and does nothing once it is stopped', async () => {
  const { runs, task } = slowTask();
  const renewal = createRenewal(task);
  renewal.restart();
  renewal.restart();
  expect(runs.map(({ signal }) => signal.aborted)).toEqual([true, false]);
  renewal.request();
  renewal.stop();
  for (const { end } of runs) end();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(runs).toHaveLength(2);
});
