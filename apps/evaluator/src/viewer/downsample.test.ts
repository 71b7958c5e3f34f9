import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { downsample } from './downsample.js';

const series = (values: (number | null)[]) => ({
  name: 'reward',
  stage: 'dgpo',
  steps: values.map((_, index) => index + 1),
  values,
  count: values.length,
});

test('keeps the ends and the extremes of every stretch, in their order', () => {
  // Between the ends two stretches of four: 5 and 1, then 9 and 2.
  const { steps, values } = downsample(series([0, 3, 5, 1, 4, 9, 3, 2, 8, 7]), 6);
  expect(values).toEqual([0, 5, 1, 9, 2, 7]);
  expect(steps).toEqual([1, 3, 4, 6, 8, 10]);
});

test('a stretch without values stays a gap', () => {
  expect(downsample(series([1, null, null, null, null, 6, 7, 8, 9, 10]), 6).values).toEqual([1, null, 6, 9, 10]);
});

test.prop([
  fc.array(fc.option(fc.double({ noNaN: true })), { minLength: 1, maxLength: 300 }),
  fc.integer({ min: 2, max: 60 }),
])('never has more points than asked for, and only points of the series, ascending', (values, points) => {
  const whole = series(values);
  const { steps, values: kept, count } = downsample(whole, points);
  expect(count).toBe(values.length);
  expect(steps.length).toBeLessThanOrEqual(Math.max(2, points));
  expect(steps.every((step, index) => index === 0 || step > (steps[index - 1] ?? 0))).toBe(true);
  expect(kept).toEqual(steps.map((step) => values[step - 1]));
  const finite = values.filter((value) => value !== null);
  if (points >= 4 && finite.length > 0) expect(kept).toContain(Math.max(...finite));
});
