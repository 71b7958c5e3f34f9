import type * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { gelu64, layerNorm64, linear64 } from '../engine/__fixtures__/float64-ops.js';
import { selectEngine } from '../engine/select-engine.js';
import { expectFloat64, rowsOf } from './__fixtures__/float64-check.js';
import { gelu } from './gelu.js';
import { headNorm } from './head-norm.js';
import { layerNorm } from './layer-norm.js';
import { linear } from './linear.js';

const dot = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, value, index) => sum + value * (b[index] as number), 0);

describe.each(['cpu', 'wasm'] as const)('ops on %s against their definition in float64', (engine) => {
  beforeAll(async () => {
    await selectEngine({ engine });
  });

  test.each([
    [1, 2],
    [5, 8],
    [9, 33],
  ])('layerNorm of %i rows of %i', async (rows, width) => {
    await expectFloat64({
      shapes: [[rows, width], [width], [width]],
      op: ([x, weight, bias]) =>
        layerNorm({ x: x as tf.Tensor, weight: weight as tf.Tensor, bias: bias as tf.Tensor, epsilon: 1e-2 }),
      definition: ([x = [], weight = [], bias = []]) => layerNorm64({ x, weight, bias, epsilon: 1e-2 }),
    });
  });

  test('layerNorm keeps the shape of what it normalises, and shifts do not change the result', async () => {
    await expectFloat64({
      shapes: [[2, 3, 4], [4], [4]],
      op: ([x, weight, bias]) => {
        const y = layerNorm({
          x: (x as tf.Tensor).add(100),
          weight: weight as tf.Tensor,
          bias: bias as tf.Tensor,
          epsilon: 1,
        });
        expect(y.shape).toEqual([2, 3, 4]);
        return y;
      },
      definition: ([x = [], weight = [], bias = []]) => layerNorm64({ x, weight, bias, epsilon: 1 }),
    });
  });

  test('gelu in the form with tanh', async () => {
    await expectFloat64({
      shapes: [[7, 9]],
      scale: 2,
      op: ([x]) => gelu({ x: x as tf.Tensor, approximate: 'tanh' }),
      definition: ([x = []]) => gelu64({ x, approximate: 'tanh' }),
    });
  });

  test('gelu, exact', async () => {
    await expectFloat64({
      shapes: [[7, 9]],
      scale: 2,
      op: ([x]) => gelu({ x: x as tf.Tensor, approximate: 'none' }),
      definition: ([x = []]) => gelu64({ x, approximate: 'none' }),
    });
  });

  test.each([
    [1, 1, 1],
    [3, 7, 5],
    [33, 9, 12],
  ])('linear with a bias: %i rows, %i outputs, %i inputs', async (rows, outputs, width) => {
    await expectFloat64({
      shapes: [[rows, width], [outputs, width], [outputs]],
      op: ([x, weight, bias]) => linear({ x: x as tf.Tensor, weight: weight as tf.Tensor, bias }),
      definition: ([x = [], weight = [], bias = []]) => linear64({ x, weight, bias, width }),
    });
  });

  test('headNorm normalises queries and keys head by head and leaves values alone', async () => {
    const [heads, keyValueHeads, headDim] = [4, 2, 3];
    await expectFloat64({
      shapes: [[5, (heads + 2 * keyValueHeads) * headDim], [headDim], [headDim]],
      op: ([queryKeyValue, queryWeight, keyWeight]) =>
        headNorm({
          queryKeyValue: queryKeyValue as tf.Tensor,
          queryWeight: queryWeight as tf.Tensor,
          keyWeight: keyWeight as tf.Tensor,
          heads,
          keyValueHeads,
          headDim,
          epsilon: 1e-2,
        }),
      definition: ([x = [], queryWeight = [], keyWeight = []]) =>
        rowsOf(x, headDim).flatMap((head, index) => {
          const place = index % (heads + 2 * keyValueHeads);
          if (place >= heads + keyValueHeads) return head;
          const weight = place < heads ? queryWeight : keyWeight;
          const rms = Math.sqrt(dot(head, head) / headDim + 1e-2);
          return head.map((value, at) => (value / rms) * (weight[at] as number));
        }),
    });
  });
});
