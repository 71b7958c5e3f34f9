import * as tf from '@tensorflow/tfjs-core';
import { isTrainable } from './frozen-weight.js';
import { recomputed } from './recomputed.js';

type Tensors = Record<string, tf.Tensor>;

/** Logits that stock ops make at one time, 32 MiB: each chunk has a gradient of the whole weight, so chunks are not small. */
const logitsAtOnce = 8_388_608;

export const stockRowsAtOnce = (vocabulary: number) => Math.max(16, Math.floor(logitsAtOnce / vocabulary));

/**
 * A loss over the vocabulary from stock ops, some rows at a time: logits of a chunk are dropped once its rows are reduced, and made again
 * in the backward pass. All rows at once where they are few.
 *
 * @param options.run from some rows and what is whole to `[outputs, count]`
 * @param options.rows tensors with the same first axis; only `hidden` is differentiated
 * @param options.whole only `weight` is differentiated
 * @returns `[outputs, n]`
 */
export function inRowChunks<
  Rows extends Tensors & { hidden: tf.Tensor },
  Whole extends Tensors & { weight: tf.Tensor },
>(options: { run: (tensors: Rows & Whole) => tf.Tensor; rows: Rows; whole: Whole; rowsAtOnce: number }): tf.Tensor {
  const { run, rows, whole, rowsAtOnce } = options;
  const total = rows.hidden.shape[0] ?? 0;
  if (total <= rowsAtOnce) return run({ ...rows, ...whole });
  const sizes = Array.from({ length: Math.ceil(total / rowsAtOnce) }, (_, index) =>
    Math.min(rowsAtOnce, total - index * rowsAtOnce),
  );
  const pieces = Object.entries(rows).map(([name, tensor]) => [name, tf.split(tensor, sizes, 0)] as const);
  const { weight, ...others } = whole;
  const trained = isTrainable(weight);
  const chunks = sizes.map((_, index) => {
    const { hidden, ...constants } = Object.fromEntries(
      pieces.map(([name, chunksOfRows]) => [name, chunksOfRows[index] as tf.Tensor]),
    );
    return recomputed<Tensors, Tensors>({
      run: (tensors) => run(tensors as Rows & Whole),
      inputs: { hidden: hidden as tf.Tensor, ...(trained ? { weight } : {}) },
      constants: { ...constants, ...others, ...(trained ? {} : { weight }) },
    });
  });
  return tf.concat(chunks, 1);
}

/**
 * Rows of logits that our kernels make at one time: 4 MiB of float32 in all, and for large vocabularies up to 64 rows within 32 MiB, since
 * a product of few rows reads the whole matrix for little work.
 *
 * @param options.matrices of logits that exist side by side
 */
export function logitRowsAtOnce({ vocabulary, matrices }: { vocabulary: number; matrices: number }): number {
  const within = (values: number) => Math.floor(values / (matrices * vocabulary));
  return Math.max(16, within(2 ** 20), Math.min(64, within(2 ** 23)));
}
