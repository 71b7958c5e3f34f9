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

/** Central differences of a scalar function of one array, in double precision. */
export function centralDifferences(values: Float64Array, f: (values: Float64Array) => number): Float64Array {
  const step = 1e-5;
  return values.map((value, i) => {
    const at = (x: number) => {
      const moved = values.slice();
      moved[i] = x;
      return f(moved);
    };
    return (at(value + step) - at(value - step)) / (2 * step);
  });
}
