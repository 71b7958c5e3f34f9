import * as tf from '@tensorflow/tfjs-core';

/** Positions of a chunk. */
export const chunkTokens = 64;

/** Keys and values of some positions, each `[slots, keyValueHeads, chunkTokens, headDim]`. */
export type Chunk = {
  keys: tf.Tensor4D;
  values: tf.Tensor4D;
};

/** The sequences of a pass side by side, each with room for `n` tokens. */
export interface Lanes {
  count: number;
  n: number;
  /** Slot of each lane; undefined where lanes and slots are the same. */
  slots: tf.Tensor1D | undefined;
  /** Added to the scores: 0 where a query sees a key, else very negative; `[lanes, 1, n * group, positions]`. */
  bias: tf.Tensor;
}

/**
 * A function that puts new tokens `[tokens, keyValueHeads, headDim]` into a chunk.
 *
 * @param options.source token for each position of each slot, `[slots * chunkTokens]`; -1 keeps what is there
 * @param options.like a tensor of the shape of a chunk
 */
export function mergeChunk(options: { source: Int32Array; like: tf.Tensor4D }) {
  const { source, like } = options;
  const [slots, keyValueHeads, , headDim] = like.shape;
  const isNew = tf.tensor4d(
    Float32Array.from(source, (token) => Number(token >= 0)),
    [slots, 1, chunkTokens, 1],
  );
  const mask = tf.logicalAnd(tf.cast(isNew, 'bool'), tf.cast(tf.onesLike(like), 'bool'));
  const ids = tf.tensor1d(
    source.map((token) => Math.max(0, token)),
    'int32',
  );
  return (chunk: tf.Tensor4D, tokens: tf.Tensor3D): tf.Tensor4D =>
    tf.tidy(() => {
      const rows = tf.reshape(tf.gather(tokens, ids), [slots, chunkTokens, keyValueHeads, headDim]);
      return tf.where(mask, tf.transpose(rows, [0, 2, 1, 3]), chunk) as tf.Tensor4D;
    });
}

/**
 * Attention of all lanes over the chunks. No tensor has more than four axes: beyond that, the backend webgpu reads values back.
 *
 * @param options.query `[lanes * n, heads * headDim]`
 * @param options.group heads that share a key-value head
 * @returns `[lanes * n, heads * headDim]`
 */
export function attendChunks(options: {
  query: tf.Tensor;
  chunks: readonly Chunk[];
  lanes: Lanes;
  keyValueHeads: number;
  group: number;
  headDim: number;
}): tf.Tensor {
  const { query, chunks, lanes, keyValueHeads, group, headDim } = options;
  const { count, n, slots, bias } = lanes;
  return tf.tidy(() => {
    const read = (tensor: tf.Tensor4D) => (slots === undefined ? tensor : tf.gather(tensor, slots));
    const byHead = tf.reshape(
      tf.transpose(tf.reshape(query, [count, n, keyValueHeads, group * headDim]), [0, 2, 1, 3]),
      [count, keyValueHeads, n * group, headDim],
    );
    const scores = chunks.map(({ keys }) => tf.matMul(byHead, read(keys), false, true));
    const scaled = tf.mul(
      scores.length === 1 ? (scores[0] as tf.Tensor) : tf.concat(scores, 3),
      1 / Math.sqrt(headDim),
    );
    const probabilities = tf.softmax(tf.add(scaled, bias), -1);
    const parts = chunks.length === 1 ? [probabilities] : tf.split(probabilities, chunks.length, 3);
    const mixed = chunks.map(({ values }, at) => tf.matMul(parts[at] as tf.Tensor, read(values)));
    const sum = mixed.length === 1 ? (mixed[0] as tf.Tensor) : tf.addN(mixed);
    const apart = tf.transpose(tf.reshape(sum, [count, keyValueHeads, n, group * headDim]), [0, 2, 1, 3]);
    return tf.reshape(apart, [count * n, keyValueHeads * group * headDim]);
  });
}
