import * as tf from '@tensorflow/tfjs';
import { expect } from 'vitest';
import type { Grid } from '../grid.js';

/** Derivatives of a float64 function, one coordinate at a time. */
export function centralDifferences(compute: (x: number[]) => number, x: readonly number[], step = 1e-5): number[] {
  return x.map((value, index) => {
    const at = (moved: number) => compute(x.map((other, position) => (position === index ? moved : other)));
    return (at(value + step) - at(value - step)) / (2 * step);
  });
}

/** The same to about 1e-11 on smooth functions: the central stencil of eight points, whose error falls with the eighth power of the step. */
export function preciseDifferences(compute: (x: number[]) => number, x: readonly number[], step = 0.01): number[] {
  return x.map((value, index) => {
    const at = (moved: number) => compute(x.map((other, position) => (position === index ? moved : other)));
    const weights = [4 / 5, -1 / 5, 4 / 105, -1 / 280];
    return weights.reduce(
      (sum, weight, far) => sum + (weight * (at(value + (far + 1) * step) - at(value - (far + 1) * step))) / step,
      0,
    );
  });
}

/** Value and gradient of a scalar function of one tensor. */
export async function valueAndGradient(compute: (x: tf.Tensor) => tf.Scalar, x: tf.Tensor) {
  const { value, grad } = tf.valueAndGrad(compute)(x);
  const result = { value: (await value.data())[0] as number, gradient: [...(await grad.data())] };
  tf.dispose([value, grad]);
  return result;
}

export async function numberOf(scalar: tf.Scalar): Promise<number> {
  return (await scalar.data())[0] as number;
}

/** Every element within `tolerance`, absolute where the expected one is below 1 and relative above. */
export function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  for (let index = 0; index < expected.length; index++) {
    const want = expected[index] as number;
    const difference = Math.abs((actual[index] as number) - want) / Math.max(1, Math.abs(want));
    expect(difference, `element ${index}: ${actual[index]}, expected ${want}`).toBeLessThanOrEqual(tolerance);
  }
}

/** A grid from rows of equal length. */
export function gridOf(rows: readonly (readonly number[])[]): Grid {
  return { data: Float32Array.from(rows.flat()), shape: [rows.length, rows[0]?.length ?? 0] };
}
