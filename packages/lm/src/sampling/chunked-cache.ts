import * as tf from '@tensorflow/tfjs-core';
import type { Decoder } from '../model/decoder.js';
import { decoderLayer, embedTokens, lastNorm } from '../model/decoder-layer.js';
import { outputEmbedding } from '../model/forward.js';
import { rotaryReference } from '../ops/causal-attention.js';
import { linear } from '../ops/linear.js';
import { attendChunks, type Chunk, chunkTokens, type Lanes, mergeChunk } from './chunk-attention.js';
import type { CacheRow, KeyValueCache, KeyValueCacheOptions } from './key-value-cache.js';
import { weighTokens } from './token-weights.js';

/**
 * The cache from stock ops, for every engine. Keys and values of some positions of all slots are one tensor; a step writes new ones for
 * the chunks that get tokens and leaves the others as they are.
 */
export function createChunkedCache(options: KeyValueCacheOptions & { decoder: Decoder }): KeyValueCache {
  const { decoder, slots } = options;
  const { config } = decoder;
  const { numAttentionHeads: heads, numKeyValueHeads: keyValueHeads, headDim, vocabularySize } = config;
  /** By layer, then by position. */
  const layers: Chunk[][] = Array.from({ length: config.numHiddenLayers }, () => []);
  /** Slots whose tokens up to a position come from another slot at the next step. */
  const copies = new Map<number, { from: number; length: number }>();

  const replace = (chunks: Chunk[], at: number, next: Chunk) => {
    const old = chunks[at];
    if (old !== undefined) tf.dispose([old.keys, old.values]);
    chunks[at] = next;
  };

  const grow = (count: number) => {
    const shape: [number, number, number, number] = [slots, keyValueHeads, chunkTokens, headDim];
    for (const chunks of layers) {
      while (chunks.length < count) chunks.push({ keys: tf.zeros(shape), values: tf.zeros(shape) });
    }
  };

  const copyShared = () => {
    if (copies.size === 0) return;
    const count = Math.ceil(Math.max(...[...copies.values()].map(({ length }) => length)) / chunkTokens);
    for (let at = 0; at < count; at++) {
      const source = Int32Array.from({ length: slots }, (_, slot) => {
        const copy = copies.get(slot);
        return copy !== undefined && copy.length > at * chunkTokens ? copy.from : slot;
      });
      for (const chunks of layers) {
        const { keys, values } = chunks[at] as Chunk;
        const next = tf.tidy(() => {
          const from = tf.tensor1d(source, 'int32');
          return { keys: tf.gather(keys, from), values: tf.gather(values, from) };
        });
        replace(chunks, at, next);
      }
    }
    copies.clear();
  };

  /** Rows through the model together, each padded to the longest in attention only. */
  const forward = (rows: readonly CacheRow[]) => {
    const n = Math.max(...rows.map((row) => row.tokenIds.length));
    const end = Math.max(...rows.map((row) => row.position + row.tokenIds.length));
    const count = Math.ceil(end / chunkTokens);
    // Where most slots have a token, attention runs over all of them and what is cached is read in place.
    const all = 2 * rows.length > slots;
    const laneSlots = all ? Array.from({ length: slots }, (_, slot) => slot) : rows.map(({ slot }) => slot);
    const lanes: Lanes = {
      count: laneSlots.length,
      n,
      slots: all ? undefined : tf.tensor1d(laneSlots, 'int32'),
      bias: tf.tensor(0),
    };
    const group = heads / keyValueHeads;
    const width = count * chunkTokens;
    const bias = new Float32Array(lanes.count * n * group * width).fill(-1e9);
    const toLane = new Int32Array(lanes.count * n);
    const fromLane: number[] = [];
    const sources = new Map<number, Int32Array>();
    rows.forEach((row, index) => {
      const lane = all ? row.slot : index;
      row.tokenIds.forEach((_, offset) => {
        const position = row.position + offset;
        toLane[lane * n + offset] = fromLane.length;
        const chunk = Math.floor(position / chunkTokens);
        const source = sources.get(chunk) ?? new Int32Array(slots * chunkTokens).fill(-1);
        sources.set(chunk, source);
        source[row.slot * chunkTokens + (position % chunkTokens)] = fromLane.length;
        for (let head = 0; head < group; head++) {
          const start = ((lane * n + offset) * group + head) * width;
          bias.fill(0, start, start + position + 1);
        }
        fromLane.push(lane * n + offset);
      });
    });
    const ids = (values: number[]) => tf.tensor1d(values, 'int32');
    const placed = { ...lanes, bias: tf.tensor4d(bias, [lanes.count, 1, n * group, width]) };
    const toLaneIds = tf.tensor1d(toLane, 'int32');
    const fromLaneIds = ids(fromLane);
    const like = (layers[0] as Chunk[])[0] as Chunk;
    const merges = [...sources].map(([at, source]) => ({ at, merge: mergeChunk({ source, like: like.keys }) }));
    const positions = ids(rows.flatMap((row) => row.tokenIds.map((_, index) => row.position + index)));
    let hidden = embedTokens({ decoder, tokenIds: ids(rows.flatMap((row) => [...row.tokenIds])), positions });
    const written: { layer: number; at: number; chunk: Chunk }[] = [];
    for (let layer = 0; layer < config.numHiddenLayers; layer++) {
      const chunks = (layers[layer] as Chunk[]).slice(0, count);
      hidden = decoderLayer({
        decoder,
        layer,
        hidden,
        attend: (queryKeyValue) => {
          const tokens = fromLane.length;
          const [query, key, value] = tf.split(
            tf.reshape(queryKeyValue, [tokens, heads + 2 * keyValueHeads, headDim]),
            [heads, keyValueHeads, keyValueHeads],
            1,
          ) as [tf.Tensor3D, tf.Tensor3D, tf.Tensor3D];
          const rotate = (x: tf.Tensor3D) => rotaryReference({ x, positions, cosSin: decoder.cosSin }) as tf.Tensor3D;
          const rotatedKey = rotate(key);
          for (const { at, merge } of merges) {
            const { keys, values } = chunks[at] as Chunk;
            const chunk = { keys: merge(keys, rotatedKey), values: merge(values, value) };
            chunks[at] = chunk;
            written.push({ layer, at, chunk });
          }
          const spread = tf.gather(tf.reshape(rotate(query), [tokens, heads * headDim]), toLaneIds);
          const mixed = attendChunks({ query: spread, chunks, lanes: placed, keyValueHeads, group, headDim });
          return tf.gather(mixed, fromLaneIds);
        },
      });
    }
    const ends: number[] = [];
    let tokens = 0;
    for (const row of rows) {
      tokens += row.tokenIds.length;
      if (row.logits) ends.push(tokens - 1);
    }
    if (ends.length === 0) return { written, logits: tf.zeros([0, vocabularySize]) };
    const last = tf.gather(hidden, ids(ends));
    return { written, logits: linear({ x: lastNorm(decoder, last), weight: outputEmbedding(decoder) }) };
  };

  const run = (rows: readonly CacheRow[]): tf.Tensor => {
    grow(Math.ceil(Math.max(...rows.map((row) => row.position + row.tokenIds.length)) / chunkTokens));
    const { written, logits } = tf.tidy(() => forward(rows));
    for (const { layer, at, chunk } of written) replace(layers[layer] as Chunk[], at, chunk);
    return logits;
  };

  return {
    extend: async (rows, onLogits) => {
      copyShared();
      // Prompts apart from single tokens, which would all be padded to the longest prompt.
      const isPrompt = (row: CacheRow) => row.tokenIds.length > 1;
      const results = new Map<CacheRow, Float32Array>();
      for (const part of [rows.filter(isPrompt), rows.filter((row) => !isPrompt(row))]) {
        if (part.length === 0) continue;
        const logits = run(part);
        const asking = part.filter((row) => row.logits);
        const flat = asking.length === 0 ? new Float32Array() : ((await logits.data()) as Float32Array);
        logits.dispose();
        asking.forEach((row, index) => {
          results.set(row, flat.subarray(index * vocabularySize, (index + 1) * vocabularySize));
        });
      }
      const asking = rows.filter((row) => row.logits);
      asking.forEach((row, index) => {
        onLogits(results.get(row) as Float32Array, index);
      });
    },
    weigh: weighTokens,
    truncate: (_, length) => length,
    share: ({ from, to, length }) => {
      copies.set(to, { from: copies.get(from)?.from ?? from, length });
      return length;
    },
    clear: () => {
      copies.clear();
      for (const chunks of layers) {
        for (const { keys, values } of chunks.splice(0)) tf.dispose([keys, values]);
      }
    },
  };
}
