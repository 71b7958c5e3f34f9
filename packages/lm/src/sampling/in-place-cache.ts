import * as tf from '@tensorflow/tfjs-core';
import type { Decoder } from '../model/decoder.js';
import { decoderLayer, embedTokens, lastNorm } from '../model/decoder-layer.js';
import { outputEmbedding } from '../model/forward.js';
import { embedding } from '../ops/embedding.js';
import { attribute, defineWasmKernel, input, runFusedSingle } from '../ops/fused-op.js';
import { linear } from '../ops/linear.js';
import type { CacheRow, KeyValueCache } from './key-value-cache.js';

defineWasmKernel('DgpoCacheAttention', ({ inputs, attributes, context }) => {
  const { kernels, pointer } = context;
  const heads = attribute(attributes, 'heads');
  const keyValueHeads = attribute(attributes, 'keyValueHeads');
  const headDim = attribute(attributes, 'headDim');
  const maxTime = attribute(attributes, 'maxTime');
  const queryKeyValue = input(inputs, 'queryKeyValue');
  const slots = input(inputs, 'slots');
  const positions = input(inputs, 'positions');
  const keys = input(inputs, 'keys');
  const values = input(inputs, 'values');
  const tokens = queryKeyValue.shape[0] ?? 0;
  const row = (heads + 2 * keyValueHeads) * headDim;
  const base = pointer(queryKeyValue);
  // The projection is a temporary of this step, so its queries and keys are rotated where they are.
  kernels.rotary(
    tokens,
    heads + keyValueHeads,
    headDim,
    base,
    row,
    pointer(positions),
    pointer(input(inputs, 'cosSin')),
    base,
    row,
    1,
  );
  kernels.cacheWrite(
    tokens,
    keyValueHeads,
    headDim,
    base + heads * headDim * 4,
    row,
    base + (heads + keyValueHeads) * headDim * 4,
    row,
    pointer(slots),
    pointer(positions),
    pointer(keys),
    pointer(values),
    maxTime,
  );
  const out = context.output([tokens, heads * headDim]);
  kernels.cacheAttention(
    tokens,
    heads,
    keyValueHeads,
    headDim,
    base,
    row,
    pointer(slots),
    pointer(positions),
    pointer(keys),
    pointer(values),
    maxTime,
    1 / Math.sqrt(headDim),
    pointer(out),
    heads * headDim,
    context.scratch(kernels.cacheAttentionScratchBytes(maxTime)),
  );
  return out;
});

/** The cache of the wasm engine: kernels write keys and values in place and no step copies what is cached. */
export function createInPlaceCache(options: { decoder: Decoder; slots: number; maxTime: number }): KeyValueCache {
  const { decoder, slots, maxTime } = options;
  const { config } = decoder;
  const shape = [slots, config.numKeyValueHeads, maxTime, config.headDim];
  const layers = Array.from({ length: config.numHiddenLayers }, () => ({
    keys: tf.zeros(shape),
    values: tf.zeros(shape),
  }));

  const logitsOf = (rows: readonly CacheRow[]): tf.Tensor =>
    tf.tidy(() => {
      const ids = rows.flatMap((row) => [...row.tokenIds]);
      const slotIds = tf.tensor1d(
        rows.flatMap((row) => row.tokenIds.map(() => row.slot)),
        'int32',
      );
      const positions = tf.tensor1d(
        rows.flatMap((row) => row.tokenIds.map((_, index) => row.position + index)),
        'int32',
      );
      let hidden = embedTokens({ decoder, tokenIds: tf.tensor1d(ids, 'int32'), positions });
      for (let layer = 0; layer < config.numHiddenLayers; layer++) {
        const cached = layers[layer] as { keys: tf.Tensor; values: tf.Tensor };
        hidden = decoderLayer({
          decoder,
          layer,
          hidden,
          attend: (queryKeyValue) =>
            runFusedSingle(
              'DgpoCacheAttention',
              { queryKeyValue, slots: slotIds, positions, cosSin: decoder.cosSin, ...cached },
              {
                heads: config.numAttentionHeads,
                keyValueHeads: config.numKeyValueHeads,
                headDim: config.headDim,
                maxTime,
              },
            ),
        });
      }
      const lastTokens: number[] = [];
      let end = 0;
      for (const row of rows) {
        end += row.tokenIds.length;
        if (row.logits) lastTokens.push(end - 1);
      }
      const last = embedding({ table: hidden, ids: tf.tensor1d(lastTokens, 'int32') });
      return linear({ x: lastNorm(decoder, last), weight: outputEmbedding(decoder) });
    });

  return {
    slots,
    maxTime,
    extend: async (rows) => {
      const logits = logitsOf(rows);
      const flat = (await logits.data()) as Float32Array;
      logits.dispose();
      const count = rows.filter((row) => row.logits).length;
      return Array.from({ length: count }, (_, index) =>
        flat.subarray(index * config.vocabularySize, (index + 1) * config.vocabularySize),
      );
    },
    dispose: () => {
      for (const layer of layers) tf.dispose([layer.keys, layer.values]);
    },
  };
}
