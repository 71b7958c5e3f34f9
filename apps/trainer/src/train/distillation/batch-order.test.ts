import { expect, it } from 'vitest';
import { itemsOfStep, rowsOfStep, stepsOf } from './batch-order.js';

const numbers = Array.from({ length: 11 }, (_, row) => row);

it('every pass over the rows has all of them, in an order of its own', () => {
  const options = { rows: numbers, batchSize: 3, seed: 1 };
  expect(stepsOf({ episodes: numbers.length, numTrainEpochs: 2, batchSize: 3 })).toBe(8);
  const steps = Array.from({ length: 8 }, (_, index) => rowsOfStep({ ...options, step: index + 1 }));
  expect(steps.map((rows) => rows.length)).toEqual([3, 3, 3, 2, 3, 3, 3, 2]);
  const [first, second] = [steps.slice(0, 4).flat(), steps.slice(4).flat()];
  for (const epoch of [first, second]) expect(epoch.toSorted((a, b) => a - b)).toEqual(numbers);
  expect(second).not.toEqual(first);
  expect(rowsOfStep({ ...options, step: 6 })).toEqual(steps[5]);
});

it('items of steps of one size run on from pass to pass', () => {
  const options = { items: numbers, perStep: 4, seed: 1 };
  const drawn = Array.from({ length: 11 }, (_, index) => itemsOfStep({ ...options, step: index + 1 }));
  expect(drawn.every((items) => items.length === 4)).toBe(true);
  const all = drawn.flat();
  for (const start of [0, 11, 22, 33]) expect(all.slice(start, start + 11).toSorted((a, b) => a - b)).toEqual(numbers);
  expect(all.slice(11, 22)).not.toEqual(all.slice(0, 11));
});
