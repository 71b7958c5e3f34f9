import * as tf from '@tensorflow/tfjs-core';
import { linear } from '../ops/linear.js';
import type { LoraOptions } from './lora-layout.js';

/** Some rows of a matrix, and their adapter if they have one. */
export interface AdaptedRows {
  rows: number;
  adapter?: { down: tf.Variable; up: tf.Variable };
}

/** The adapters of a decoder. */
export interface LoraAdapters {
  readonly options: LoraOptions;
  /** Factor of the adapters' output. */
  readonly scale: number;
  /** By name, in the order of `loraShapes`; without the value head. */
  readonly parameters: ReadonlyMap<string, tf.Variable>;
  /** By name of the decoder's matrix, from the first row to the last. */
  readonly projections: ReadonlyMap<string, readonly AdaptedRows[]>;
}

/**
 * What the adapters add to a projection: `scale · B·(A·x)`, for all adapted parts of a fused matrix at once. Their `A` are stacked, and
 * their `B` stand on the diagonal of one matrix, so that no part of the output is copied.
 *
 * @param options.name of the decoder's matrix, without `.weight`
 * @param options.x `[tokens, in]`
 * @returns `[tokens, out]`, or nothing where the projection has no adapter
 */
export function loraOutput(options: { lora: LoraAdapters; name: string; x: tf.Tensor }): tf.Tensor | undefined {
  const { lora, name, x } = options;
  const parts = lora.projections.get(name);
  if (parts === undefined) return undefined;
  const downs = parts.flatMap(({ adapter }) => adapter?.down ?? []);
  const [first] = downs;
  if (first === undefined) return undefined;
  const { rank } = lora.options;
  const width = rank * downs.length;
  const low = tf.mul(linear({ x, weight: downs.length === 1 ? first : tf.concat(downs, 0) }), lora.scale);
  let column = 0;
  const ups = parts.map(({ rows, adapter }) => {
    if (adapter === undefined) return tf.zeros([rows, width]);
    const placed =
      width === rank
        ? adapter.up
        : tf.pad(adapter.up, [
            [0, 0],
            [column, width - column - rank],
          ]);
    column += rank;
    return placed;
  });
  return linear({ x: low, weight: ups.length === 1 ? (ups[0] as tf.Tensor) : tf.concat(ups, 0) });
}
