import { expect, it } from 'vitest';
import { createSlots } from './slots.js';

it('runs so many at once, in order, and one that leaves the queue takes no slot', async () => {
  const slots = createSlots(1);
  const started: string[] = [];
  const ends: (() => void)[] = [];
  const work = (name: string) => () => {
    started.push(name);
    return new Promise<void>((resolve) => ends.push(resolve));
  };
  const controller = new AbortController();
  const first = slots.run(work('first'));
  const left = slots.run(work('left'), controller.signal);
  const second = slots.run(() => Promise.reject(new Error('broken')));
  const third = slots.run(work('third'));
  controller.abort(new Error('enough'));
  await expect(left).rejects.toThrow('enough');
  expect(started).toEqual(['first']);
  ends.shift()?.();
  await first;
  await expect(second).rejects.toThrow('broken');
  await new Promise(setImmediate);
  ends.shift()?.();
  await third;
  expect(started).toEqual(['first', 'third']);
});
