import * as tf from '@tensorflow/tfjs-core';
import { type WasmContext, wasmContext } from '../engine/wasm-context.js';
import type { Decoder } from '../model/decoder.js';
import { decoderLayer, embedTokens, lastNorm } from '../model/decoder-layer.js';
import { outputEmbedding } from '../model/forward.js';
import { embedding } from '../ops/embedding.js';
import { attribute, defineWasmKernel, input, runFusedSingle } from '../ops/fused-op.js';
import { linear } from '../ops/linear.js';
import type { CacheRow, KeyValueCache, KeyValueCacheOptions } from './key-value-cache.js';
import { createPagePool } from './page-pool.js';

/** Memory is asked for in pieces of about this many bytes. */
const slabBytes = 8 * 2 ** 20;

/** Memory that nobody has written into. */
defineWasmKernel('DgpoCacheSlab', ({ attributes, context }) => context.output([attribute(attributes, 'bytes') / 4]));

defineWasmKernel('DgpoCacheAttention', ({ inputs, attributes, context }) => {
  const { kernels, pointer } = context;
  const heads = attribute(attributes, 'heads');
  const keyValueHeads = attribute(attributes, 'keyValueHeads');
  const headDim = attribute(attributes, 'headDim');
  const offset = attribute(attributes, 'offset');
  const queryKeyValue = input(inputs, 'queryKeyValue');
  const rows = pointer(input(inputs, 'rows'));
  const positions = pointer(input(inputs, 'positions'));
  const pages = input(inputs, 'pages');
  const tokens = queryKeyValue.shape[0] ?? 0;
  const maxPages = pages.shape[1] ?? 0;
  const row = (heads + 2 * keyValueHeads) * headDim;
  const base = pointer(queryKeyValue);
  // The projection is a temporary of this step, so its queries and keys are rotated where they are.
  const cosSin = pointer(input(inputs, 'cosSin'));
  kernels.rotary(tokens, heads + keyValueHeads, headDim, base, row, positions, cosSin, base, row, 1);
  const keys = base + heads * headDim * 4;
  const values = keys + keyValueHeads * headDim * 4;
  const table = pointer(pages);
  kernels.cacheWrite(tokens, keyValueHeads, headDim, keys, row, values, row, rows, positions, table, maxPages, offset);
  const out = context.output([tokens, heads * headDim]);
  kernels.cacheAttention(
    tokens,
    heads,
    keyValueHeads,
    headDim,
    base,
    row,
    rows,
    positions,
    table,
    maxPages,
    offset,
    1 / Math.sqrt(headDim),
    pointer(out),
    heads * headDim,
    context.scratch(kernels.cacheAttentionScratchBytes(heads, headDim, maxPages)),
  );
  return out;
});

/**
 * The cache of the wasm engine, in pages (Kwon et al. 2023, arXiv 2309.06180): kernels write keys and values in place, sequences with
 * the same beginning refer to the same pages, and memory is taken as sequences grow. A page holds some positions of all layers.
 */
export function createPagedCache(options: KeyValueCacheOptions & { decoder: Decoder }): KeyValueCache {
  const { decoder, slots, reclaim } = options;
  const { config } = decoder;
  const {
    numAttentionHeads: heads,
    numKeyValueHeads: keyValueHeads,
    headDim,
    numHiddenLayers,
    vocabularySize,
  } = config;
  const context = wasmContext() as WasmContext;
  const pageTokens = context.kernels.cachePageTokens();
  const layerBytes = 2 * keyValueHeads * headDim * pageTokens * 4;
  const pageBytes = numHiddenLayers * layerBytes;
  const pool = createPagePool({
    pageBytes,
    pagesPerSlab: Math.max(1, Math.floor(slabBytes / pageBytes)),
    allocate: (bytes) => {
      const slab = tf.keep(runFusedSingle('DgpoCacheSlab', {}, { bytes }));
      return { address: context.pointer(slab), dispose: () => slab.dispose() };
    },
    reclaim,
  });
  const pagesOf: number[][] = Array.from({ length: slots }, () => []);

  const reserve = ({ slot, position, tokenIds }: CacheRow) => {
    const pages = pagesOf[slot] as number[];
    while (pages.length * pageTokens < position + tokenIds.length) pages.push(pool.take());
  };

  /** Addresses of the pages of each row, `[rows, most pages of a row]`. */
  const pageTable = (rows: readonly CacheRow[]): tf.Tensor2D => {
    const pages = rows.map(({ slot }) => pagesOf[slot] as number[]);
    const width = Math.max(...pages.map(({ length }) => length));
    const table = new Int32Array(rows.length * width);
    pages.forEach((row, index) => {
      table.set(row, index * width);
    });
    return tf.tensor2d(table, [rows.length, width], 'int32');
  };

  const forward = (rows: readonly CacheRow[]): tf.Tensor | undefined => {
    const ids = (values: number[]) => tf.tensor1d(values, 'int32');
    const positions = ids(rows.flatMap((row) => row.tokenIds.map((_, index) => row.position + index)));
    const rowIds = ids(rows.flatMap((row, index) => row.tokenIds.map(() => index)));
    const pages = pageTable(rows);
    let hidden = embedTokens({ decoder, tokenIds: ids(rows.flatMap((row) => [...row.tokenIds])), positions });
    for (let layer = 0; layer < numHiddenLayers; layer++) {
      const inputs = { rows: rowIds, positions, cosSin: decoder.cosSin, pages };
      const attributes = { heads, keyValueHeads, headDim, offset: layer * layerBytes };
      const before = hidden;
      hidden = tf.tidy(() =>
        decoderLayer({
          decoder,
          layer,
          hidden: before,
          attend: (queryKeyValue) => runFusedSingle('DgpoCacheAttention', { queryKeyValue, ...inputs }, attributes),
        }),
      );
      before.dispose();
    }
    const last: number[] = [];
    let end = 0;
    for (const row of rows) {
      end += row.tokenIds.length;
      if (row.logits) last.push(end - 1);
    }
    if (last.length === 0) return undefined;
    const normed = lastNorm(decoder, embedding({ table: hidden, ids: ids(last) }));
    return linear({ x: normed, weight: outputEmbedding(decoder) });
  };

  const release = (pages: readonly number[]) => {
    for (const page of pages) pool.drop(page);
  };

  return {
    extend: async (rows, onLogits) => {
      for (const row of rows) reserve(row);
      const logits = tf.tidy(() => forward(rows) ?? tf.zeros([0, vocabularySize]));
      // The kernels ran to their end, so the values are read where they are. Scratch is reserved first: growth would detach the views.
      context.scratch(vocabularySize * 4);
      const count = logits.shape[0] ?? 0;
      for (let index = 0; index < count; index++) {
        onLogits(context.floats(context.pointer(logits) + index * vocabularySize * 4, vocabularySize), index);
      }
      logits.dispose();
    },
    // The logits are a view of the heap, so their offset is where the kernels find them.
    weigh: (logits, inverseTemperature) => {
      const { length, byteOffset } = logits;
      const best = context.kernels.argmax(length, byteOffset);
      const pointer = context.scratch(length * 4);
      const highest = logits[best] as number;
      const total = context.kernels.exponentials(length, byteOffset, inverseTemperature, highest, pointer);
      return { weights: context.floats(pointer, length), total, best };
    },
    truncate: (slot, length) => {
      const pages = pagesOf[slot] as number[];
      const whole = Math.floor(length / pageTokens);
      const partial = pages[whole];
      const writable = partial !== undefined && length % pageTokens > 0 && !pool.isShared(partial);
      release(pages.splice(writable ? whole + 1 : whole));
      return writable ? length : whole * pageTokens;
    },
    share: ({ from, to, length }) => {
      const shared = (pagesOf[from] as number[]).slice(0, Math.floor(length / pageTokens));
      for (const page of shared) pool.hold(page);
      release(pagesOf[to] as number[]);
      pagesOf[to] = shared;
      return shared.length * pageTokens;
    },
    clear: () => {
      for (const pages of pagesOf) pages.length = 0;
      pool.clear();
    },
  };
}
