import { ModelError } from '@dgpo/trajectory';
import * as tf from '@tensorflow/tfjs-core';

/** Sequences as tensors, padded on the right. */
export interface TokenBatch {
  readonly batch: number;
  readonly time: number;
  /** int32 `[batch * time]` */
  readonly tokenIds: tf.Tensor1D;
  /** int32 `[batch]` */
  readonly lengths: tf.Tensor1D;
  /** int32 `[batch * time]`: the position of every token in its row */
  readonly positions: tf.Tensor1D;
  dispose(): void;
}

/**
 * Pads sequences to the longest one.
 *
 * @throws ModelError for an empty batch or an empty sequence
 */
export function tokenBatch(options: {
  sequences: readonly ArrayLike<number>[];
  /** Fills the right side; any id of the vocabulary. @default 0 */
  padId?: number;
}): TokenBatch {
  const { sequences, padId = 0 } = options;
  const time = Math.max(0, ...sequences.map((sequence) => sequence.length));
  if (sequences.length === 0 || sequences.some((sequence) => sequence.length === 0)) {
    throw new ModelError('a batch needs at least one sequence, and every sequence at least one token');
  }
  const batch = sequences.length;
  const ids = new Int32Array(batch * time).fill(padId);
  const positions = new Int32Array(batch * time);
  sequences.forEach((sequence, row) => {
    for (let position = 0; position < time; position++) positions[row * time + position] = position;
    for (let position = 0; position < sequence.length; position++) {
      ids[row * time + position] = sequence[position] ?? padId;
    }
  });
  const tokenIds = tf.tensor1d(ids, 'int32');
  const lengths = tf.tensor1d(
    Int32Array.from(sequences, (sequence) => sequence.length),
    'int32',
  );
  const positionTensor = tf.tensor1d(positions, 'int32');
  return {
    batch,
    time,
    tokenIds,
    lengths,
    positions: positionTensor,
    dispose: () => tf.dispose([tokenIds, lengths, positionTensor]),
  };
}
