import { expect, test } from 'vitest';
import { bootstrapInterval } from './bootstrap-interval.js';
import { pairedBootstrap } from './paired-bootstrap.js';

test('a constant gain has an interval of no width, however the tasks differ', () => {
  const figure = pairedBootstrap({ baseline: [0, 0.5, 0.25], candidate: [0.25, 0.75, 0.5] });
  expect(figure).toEqual({ mean: 0.25, low: 0.25, high: 0.25, count: 3 });
});

test('is the bootstrap of candidate minus baseline', () => {
  const baseline = [1, 0, 0, 1, 0, 0];
  const candidate = [1, 1, 0, 0, 1, 1];
  expect(pairedBootstrap({ baseline, candidate })).toEqual(bootstrapInterval({ values: [0, 1, 0, -1, 1, 1] }));
});

test('pairs of which one was not measured are left out; lengths must agree', () => {
  expect(pairedBootstrap({ baseline: [0, Number.NaN], candidate: [1, 1] }).count).toBe(1);
  expect(() => pairedBootstrap({ baseline: [0], candidate: [] })).toThrow(RangeError);
});
