import { createRandom } from '@dgpo/trajectory';
import { expect } from 'vitest';

/** Values from -1 to 1 that are exact in single precision. */
export function testValues(length: number, name: string): Float32Array {
  const random = createRandom(0).split('kernels', name);
  return Float32Array.from({ length }, () => random.next() * 2 - 1);
}

/** Fails unless every value lies within `tolerance` of the expected one, absolute for small values, else relative. */
export function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    const [a, e] = [actual[i] ?? Number.NaN, expected[i] ?? Number.NaN];
    if (!(Math.abs(a - e) <= tolerance * Math.max(1, Math.abs(e)))) expect.fail(`[${i}]: ${a} is not ${e}`);
  }
}

export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}

/** Central differences of a scalar function of one array, in double precision. */
export function centralDifferences(values: ArrayLike<number>, f: (values: Float64Array) => number): Float64Array {
  const step = 1e-5;
  const moved = Float64Array.from(values);
  return moved.map((value, i) => {
    const at = (x: number) => {
      moved[i] = x;
      return f(moved);
    };
    const slope = (at(value + step) - at(value - step)) / (2 * step);
    moved[i] = value;
    return slope;
  });
}
