import { expect, it } from 'vitest';
import { createLimiter } from './limiter.js';

it('runs in order, no more than it may, and lets those that wait leave', async () => {
  const limit = createLimiter(1);
  const open = new AbortController().signal;
  const order: number[] = [];
  let finish = () => {};
  const first = limit(() => new Promise<void>((resolve) => (finish = resolve)), open);
  const leaving = new AbortController();
  const second = limit(async () => order.push(2), leaving.signal);
  const third = limit(async () => order.push(3), open);
  leaving.abort(new Error('gone'));
  await expect(second).rejects.toThrow('gone');
  expect(order).toEqual([]);
  finish();
  await Promise.all([first, third]);
  expect(order).toEqual([3]);
  await expect(limit(async () => order.push(4), leaving.signal)).rejects.toThrow('gone');
  await expect(limit(async () => Promise.reject(new Error('failed')), open)).rejects.toThrow('failed');
  expect(await limit(async () => 5, open)).toBe(5);
});
