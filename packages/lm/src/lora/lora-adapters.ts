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
 * The two factors of what the adapters add to a projection, for all adapted parts of a fused matrix at once: their `A` are stacked, and
 * their `B` stand on the diagonal of one matrix.
 *
 * @param options.name of the decoder's matrix, without `.weight`
 * @param options.x `[tokens, in]`
 * @returns `low`, `scale · A·x`, `[tokens, rank · parts]`, and `up`, `[out, rank · parts]`; nothing where there is no adapter
 */
export function loraFactors(options: {
  lora: LoraAdapters | undefined;
  name: string;
  x: tf.Tensor;
}): { low: tf.Tensor; up: tf.Tensor } | undefined {
  const { lora, name, x } = options;
  const parts = lora?.projections.get(name);
  if (lora === undefined || parts === undefined) return undefined;
  const { rank } = lora.options;
  const downs = parts.flatMap(({ adapter }) => adapter?.down ?? []);
  const width = rank * downs.length;
  let column = 0;
  const ups = parts.map(({ rows, adapter }) => {
    if (adapter === undefined) return tf.zeros([rows, width]);
    const after = width - column - rank;
    const padding: [number, number][] = [
      [0, 0],
      [column, after],
    ];
    column += rank;
    return width === rank ? adapter.up : tf.pad(adapter.up, padding);
  });
  const stacked = (tensors: tf.Tensor[]) => (tensors.length === 1 ? (tensors[0] as tf.Tensor) : tf.concat(tensors, 0));
  return { low: tf.mul(linear({ x, weight: stacked(downs) }), lora.scale), up: stacked(ups) };
}
