import { createRandom } from '@dgpo/trajectory';
import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';

function expectClose(actual: ArrayLike<number>, expected: readonly number[], what: string): void {
  expect(actual.length).toBe(expected.length);
  const scale = Math.max(1e-3, ...expected.map(Math.abs));
  expected.forEach((value, index) => {
    expect(Math.abs((actual[index] as number) - value) / scale, `${what}, element ${index}`).toBeLessThan(2e-5);
  });
}

/**
 * Holds an op against its definition in float64: the value, and the gradient in every input against central differences of the
 * definition. The output is contracted with fixed random numbers so that every element counts. No tensor may be left over.
 */
export async function expectFloat64(options: {
  shapes: readonly (readonly number[])[];
  op: (inputs: tf.Tensor[]) => tf.Tensor;
  /** From inputs in row-major order to the output in row-major order. */
  definition: (inputs: number[][]) => number[];
  /** Of the random inputs. @default 1 */
  scale?: number;
}): Promise<void> {
  const { shapes, op, definition, scale = 1 } = options;
  const random = createRandom(3).split('inputs');
  const draw = (size: number) => Array.from({ length: size }, () => Math.fround(random.normal() * scale));
  const inputs = shapes.map((shape) => draw(shape.reduce((product, size) => product * size, 1)));
  const expected = definition(inputs);
  const weights = draw(expected.length);
  const before = tf.memory().numTensors;
  const { value, gradients } = tf.tidy(() => {
    const tensors = inputs.map((values, index) => tf.tensor(values, [...(shapes[index] as readonly number[])]));
    const contract = (...xs: tf.Tensor[]) => tf.sum(tf.mul(tf.reshape(op(xs), [-1]), tf.tensor1d(weights)));
    return { value: op(tensors), gradients: tf.grads(contract)(tensors) };
  });
  expectClose(await value.data(), expected, 'value');
  for (const [index, values] of inputs.entries()) {
    const numeric = values.map((centre, element) => {
      const at = (x: number) => {
        values[element] = x;
        return definition(inputs).reduce((sum, output, position) => sum + output * (weights[position] as number), 0);
      };
      const slope = (at(centre + 1e-5) - at(centre - 1e-5)) / 2e-5;
      values[element] = centre;
      return slope;
    });
    expectClose(await (gradients[index] as tf.Tensor).data(), numeric, `gradient of input ${index}`);
  }
  tf.dispose([value, gradients]);
  expect(tf.memory().numTensors).toBe(before);
}

/** Rows of a matrix given in row-major order. */
export function rowsOf(values: readonly number[], width: number): number[][] {
  return Array.from({ length: values.length / width }, (_, row) => values.slice(row * width, (row + 1) * width));
}
