import * as tf from '@tensorflow/tfjs-core';
import type { Decoder } from '../model/decoder.js';
import { decoderLayer, embedTokens, lastNorm } from '../model/decoder-layer.js';
import { outputEmbedding } from '../model/forward.js';
import { rotaryReference } from '../ops/causal-attention.js';
import { linear } from '../ops/linear.js';
import type { CacheRow, KeyValueCache } from './key-value-cache.js';

/** The cache grows by this many positions at a time. */
const chunk = 64;

type Layer = {
  /** `[slots, capacity, keyValueHeads * headDim]` */
  keys: tf.Tensor3D;
  values: tf.Tensor3D;
};

/**
 * The cache from stock ops, for every engine. New keys and values are merged under a mask, so a step costs a copy of the cache;
 * engines with kernels of their own write in place instead.
 */
export function createMaskedCache(options: { decoder: Decoder; slots: number; maxTime: number }): KeyValueCache {
  const { decoder, slots, maxTime } = options;
  const { config } = decoder;
  const { numAttentionHeads: heads, numKeyValueHeads: keyValueHeads, headDim } = config;
  const width = keyValueHeads * headDim;
  let capacity = 0;
  let layers: Layer[] = Array.from({ length: config.numHiddenLayers }, () => ({
    keys: tf.zeros([slots, 0, width]),
    values: tf.zeros([slots, 0, width]),
  }));

  const replace = (next: Layer[]) => {
    for (const layer of layers) tf.dispose([layer.keys, layer.values]);
    layers = next;
  };

  const grow = (needed: number) => {
    if (needed <= capacity) return;
    const added = Math.ceil((needed - capacity) / chunk) * chunk;
    capacity += added;
    const wider = (tensor: tf.Tensor3D) =>
      tf.tidy(() => tf.concat([tensor, tf.zeros([slots, added, width])], 1) as tf.Tensor3D);
    replace(layers.map((layer) => ({ keys: wider(layer.keys), values: wider(layer.values) })));
  };

  /** Heads of queries against everything cached: `[slots, n, heads * headDim]`. */
  const attend = (query: tf.Tensor, layer: Layer, bias: tf.Tensor, n: number): tf.Tensor => {
    const spread = (tensor: tf.Tensor3D) => {
      const byHead = tf.transpose(tf.reshape(tensor, [slots, capacity, keyValueHeads, headDim]), [0, 2, 1, 3]);
      if (keyValueHeads === heads) return byHead;
      // Of rank 4: beyond it, the backend webgpu reads the values back to tile them.
      const single = tf.reshape(byHead, [slots * keyValueHeads, 1, capacity, headDim]);
      const tiled = tf.tile(single, [1, heads / keyValueHeads, 1, 1]);
      return tf.reshape(tiled, [slots, heads, capacity, headDim]);
    };
    const byHead = tf.transpose(tf.reshape(query, [slots, n, heads, headDim]), [0, 2, 1, 3]);
    const scores = tf.mul(tf.matMul(byHead, spread(layer.keys), false, true), 1 / Math.sqrt(headDim));
    const mixed = tf.matMul(tf.softmax(tf.add(scores, bias), -1), spread(layer.values));
    return tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [slots * n, heads * headDim]);
  };

  const forward = (rows: readonly CacheRow[]) => {
    const n = Math.max(...rows.map((row) => row.tokenIds.length));
    const ids = new Int32Array(slots * n);
    const positions = new Int32Array(slots * n);
    const source = new Int32Array(slots * capacity);
    const fresh = new Float32Array(slots * capacity);
    const bias = new Float32Array(slots * n * capacity).fill(-1e9);
    for (const row of rows) {
      row.tokenIds.forEach((id, index) => {
        const position = row.position + index;
        const token = row.slot * n + index;
        ids[token] = id;
        positions[token] = position;
        source[row.slot * capacity + position] = token;
        fresh[row.slot * capacity + position] = 1;
        bias.fill(0, token * capacity, token * capacity + position + 1);
      });
    }
    const positionTensor = tf.tensor1d(positions, 'int32');
    const sourceTensor = tf.tensor1d(source, 'int32');
    const freshTensor = tf.cast(tf.tensor3d(fresh, [slots, capacity, 1]), 'bool');
    const freshWide = tf.logicalAnd(freshTensor, tf.cast(tf.onesLike((layers[0] as Layer).keys), 'bool'));
    const biasTensor = tf.tensor4d(bias, [slots, 1, n, capacity]);
    const merge = (cached: tf.Tensor3D, tokens: tf.Tensor) =>
      tf.where(freshWide, tf.reshape(tf.gather(tokens, sourceTensor), [slots, capacity, width]), cached) as tf.Tensor3D;

    let hidden = embedTokens({ decoder, tokenIds: tf.tensor1d(ids, 'int32'), positions: positionTensor });
    const next: Layer[] = [];
    for (let layer = 0; layer < config.numHiddenLayers; layer++) {
      hidden = decoderLayer({
        decoder,
        layer,
        hidden,
        attend: (queryKeyValue) => {
          const split = tf.split(
            tf.reshape(queryKeyValue, [slots * n, heads + 2 * keyValueHeads, headDim]),
            [heads, keyValueHeads, keyValueHeads],
            1,
          ) as tf.Tensor3D[];
          const [query, key, value] = split as [tf.Tensor3D, tf.Tensor3D, tf.Tensor3D];
          const rotate = (x: tf.Tensor3D) => rotaryReference({ x, positions: positionTensor, cosSin: decoder.cosSin });
          const cached = layers[layer] as Layer;
          const merged = {
            keys: merge(cached.keys, tf.reshape(rotate(key), [slots * n, width])),
            values: merge(cached.values, tf.reshape(value, [slots * n, width])),
          };
          next.push(merged);
          return attend(rotate(query), merged, biasTensor, n);
        },
      });
    }
    const lastTokens = rows.filter((row) => row.logits).map((row) => row.slot * n + row.tokenIds.length - 1);
    const last = tf.gather(hidden, tf.tensor1d(lastTokens, 'int32'));
    return { logits: linear({ x: lastNorm(decoder, last), weight: outputEmbedding(decoder) }), next };
  };

  return {
    slots,
    maxTime,
    extend: async (rows) => {
      grow(Math.max(...rows.map((row) => row.position + row.tokenIds.length)));
      const { logits, next } = tf.tidy(() => forward(rows));
      replace(next);
      const flat = (await logits.data()) as Float32Array;
      logits.dispose();
      const count = rows.filter((row) => row.logits).length;
      return Array.from({ length: count }, (_, index) =>
        flat.subarray(index * config.vocabularySize, (index + 1) * config.vocabularySize),
      );
    },
    dispose: () => replace([]),
  };
}
