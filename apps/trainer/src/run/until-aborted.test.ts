import { expect, it } from 'vitest';
import { untilAborted } from './until-aborted.js';

it('gives the value, or what the work throws', async () => {
  const { signal } = new AbortController();
  expect(await untilAborted(async () => 7, signal)).toBe(7);
  expect(await untilAborted(async () => 7, undefined)).toBe(7);
  await expect(untilAborted(() => Promise.reject(new Error('disk')), signal)).rejects.toThrow('disk');
});

it('does not wait past an interrupt, nor start after one', async () => {
  const controller = new AbortController();
  const late: ((error: Error) => void)[] = [];
  const work = () => new Promise<number>((_, reject) => late.push(reject));
  const waiting = untilAborted(work, controller.signal);
  controller.abort(new Error('Ctrl-C'));
  await expect(waiting).rejects.toThrow('Ctrl-C');
  // Nobody waits for it any more: no unhandled rejection.
  for (const reject of late) reject(new Error('late'));
  await expect(untilAborted(work, controller.signal)).rejects.toThrow('Ctrl-C');
  expect(late).toHaveLength(1);
});
