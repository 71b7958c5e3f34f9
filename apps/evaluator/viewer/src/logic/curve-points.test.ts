import { expect, it } from 'vitest';
import { nearestPoint, pathOf, spread } from './curve-points.js';

it('breaks a line where there is no value', () => {
  const path = pathOf(
    [
      [0, 1],
      [1, null],
      [2, 3],
      [3, 4],
    ],
    (step) => 10 * step,
    (value) => value,
  );
  expect(path).toBe('M0.0 1.0M20.0 3.0L30.0 4.0');
});

it('finds the nearest point with a value', () => {
  expect(
    nearestPoint(
      [
        [0, 1],
        [10, null],
        [30, 2],
      ],
      12,
    ),
  ).toEqual([0, 1]);
  expect(nearestPoint([[0, null]], 3)).toBeUndefined();
  expect(spread([3, -1, 2])).toEqual({ low: -1, high: 3 });
  expect(spread([])).toEqual({ low: 0, high: 1 });
});
