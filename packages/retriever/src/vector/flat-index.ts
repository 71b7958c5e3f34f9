import { join } from 'node:path';
import { ConfigError, RetrieverError } from '@dgpo/trajectory';
import { type CreateKernelMemory, createKernelMemory } from '../kernels/kernel-memory.js';
import { requireTopK } from '../require-top-k.js';
import { readUint32Array, writeTypedArray } from '../store/typed-array-file.js';
import type { Match } from '../top-k.js';
import { createExactRows, type ExactRows } from './exact-rows.js';
import { createKernelBlock } from './kernel-block.js';
import { createPlainBlock } from './plain-block.js';
import { requireDimension, requireIndices, requireVectors } from './require-vectors.js';
import type { Precision, RowBlock } from './row-block.js';
import { openRowFile, rowsPerChunk, writeRowFile } from './row-file.js';
import { createTurns } from './take-turns.js';
import type { VectorIndex } from './vector-index.js';

export interface FlatSettings {
  /**
   * `float32` compares with the vectors as they are; `int8` with integers of a quarter of their size, then the best candidates with
   * the vectors as they are.
   * @default 'float32'
   */
  precision?: Precision;
  /**
   * For `int8`: how many times `topK` candidates are scored again; 0 answers with the scores of the integers.
   * @default 4
   */
  rescore?: number;
}

export interface FlatSurroundings {
  /** Test seam. */
  _internal?: { createKernelMemory?: CreateKernelMemory; rowsPerBlock?: number };
}

/** The vectors in one row-major block, `[length, dimension]`. */
const vectorsName = 'vectors.f32';
/** The indices of the deleted vectors, ascending. */
const deletedName = 'deleted.u32';

function resolveFlatSettings({ precision = 'float32', rescore = 4 }: FlatSettings): Required<FlatSettings> {
  if (precision !== 'float32' && precision !== 'int8') {
    throw new ConfigError(`the precision of a flat index must be float32 or int8, not ${JSON.stringify(precision)}`);
  }
  if (!Number.isInteger(rescore) || rescore < 0) {
    throw new ConfigError(`rescore must be an integer of at least 0, not ${rescore}`);
  }
  return { precision, rescore };
}

const bestFirst = (left: Match, right: Match) => right.score - left.score || left.index - right.index;

/** The candidates in order of their exact scores, summed in float64. */
async function scoreAgain(exact: ExactRows, query: Float32Array, candidates: readonly Match[]): Promise<Match[]> {
  const matches: Match[] = [];
  for (const { index } of candidates) {
    const [row] = await exact.read(index, 1);
    let score = 0;
    for (let column = 0; column < query.length; column++) {
      score += (query[column] as number) * (row?.[column] as number);
    }
    matches.push({ index, score });
  }
  return matches.sort(bestFirst);
}

function createBlocks(dimension: number, precision: Precision, { _internal }: FlatSurroundings) {
  const blockOptions = {
    ...{ dimension, precision, createKernelMemory: _internal?.createKernelMemory ?? createKernelMemory },
    ...(_internal?.rowsPerBlock !== undefined && { mostRows: _internal.rowsPerBlock }),
  };
  const blocks: RowBlock[] = [];
  const find = (index: number) => {
    let start = 0;
    for (const block of blocks) {
      if (index < start + block.length) return { block, row: index - start };
      start += block.length;
    }
    throw new RangeError(`there is no row ${index}`);
  };
  return {
    append(vectors: readonly Float32Array[]) {
      for (let done = 0; done < vectors.length; ) {
        let block = blocks.at(-1);
        if (block === undefined || block.length === block.capacity) {
          block = createKernelBlock(blockOptions) ?? createPlainBlock({ precision });
          blocks.push(block);
        }
        const some = vectors.slice(done, done + block.capacity - block.length);
        block.append(some);
        done += some.length;
      }
    },
    delete(index: number) {
      const { block, row } = find(index);
      block.delete(row);
    },
    row(index: number) {
      const { block, row } = find(index);
      return block.row(row);
    },
    async search(queries: readonly Float32Array[], topK: number): Promise<Match[][]> {
      const found: Match[][] = queries.map(() => []);
      let start = 0;
      for (const block of blocks) {
        const first = start;
        for (const [position, matches] of (await block.search({ queries, topK })).entries()) {
          for (const { index, score } of matches) found[position]?.push({ index: first + index, score });
        }
        start += block.length;
      }
      return blocks.length > 1 ? found.map((matches) => matches.sort(bestFirst).slice(0, topK)) : found;
    },
  };
}

interface Parts {
  dimension: number;
  settings: Required<FlatSettings>;
  blocks: ReturnType<typeof createBlocks>;
  /** The vectors beside their integers; null where the blocks have them. */
  exact: ExactRows | null;
  length: number;
  deleted: Set<number>;
}

function wrapParts({ dimension, settings, blocks, exact, deleted, ...initial }: Parts): VectorIndex {
  let { length } = initial;
  let closed = false;
  const turns = createTurns();
  const take = <Result>(work: () => Promise<Result>) =>
    turns.take(() => {
      if (closed) throw new RetrieverError('this index is closed');
      return work();
    });
  const read = (start: number, count: number) =>
    exact?.read(start, count) ?? Array.from({ length: count }, (_, row) => blocks.row(start + row));
  return {
    kind: 'flat',
    get size() {
      return length - deleted.size;
    },
    get length() {
      return length;
    },
    dimension,
    settings: settings.precision === 'int8' ? { ...settings } : { precision: settings.precision },
    async add({ vectors, signal }) {
      signal?.throwIfAborted();
      requireVectors(vectors, dimension);
      await take(async () => {
        blocks.append(vectors);
        exact?.append(vectors);
        length += vectors.length;
      });
    },
    async delete({ indices }) {
      requireIndices(indices, length);
      await take(async () => {
        for (const index of indices) {
          if (!deleted.has(index)) blocks.delete(index);
          deleted.add(index);
        }
      });
    },
    async search({ vectors, topK }) {
      requireTopK(topK);
      requireVectors(vectors, dimension);
      return take(async () => {
        if (exact === null || settings.rescore === 0) return blocks.search(vectors, topK);
        const candidates = await blocks.search(vectors, topK * settings.rescore);
        const scored: Match[][] = [];
        for (const [position, matches] of candidates.entries()) {
          scored.push((await scoreAgain(exact, vectors[position] as Float32Array, matches)).slice(0, topK));
        }
        return scored;
      });
    },
    save: (directory) =>
      take(async () => {
        await writeRowFile({ path: join(directory, vectorsName), dimension, length, read });
        await writeTypedArray(join(directory, deletedName), Uint32Array.from(deleted).sort());
      }),
    close: () =>
      turns.take(async () => {
        if (!closed) await exact?.close();
        closed = true;
      }),
  };
}

/**
 * An exact index: compares the query with every vector. Right for up to some 100,000 vectors, and the measure for every
 * approximate index. Starts empty. The products of `float32` are summed in float32 by the WebAssembly kernels (an error of some 1e-7 of
 * the product of the lengths) and in float64 where those do not run.
 * @throws ConfigError for settings outside their range and a dimension that vectors cannot have.
 */
export function createFlatIndex({
  dimension,
  _internal,
  ...options
}: { dimension: number } & FlatSettings & FlatSurroundings): VectorIndex {
  requireDimension(dimension);
  const settings = resolveFlatSettings(options);
  const { precision } = settings;
  const blocks = createBlocks(dimension, precision, { ...(_internal && { _internal }) });
  const exact = precision === 'int8' ? createExactRows(null) : null;
  return wrapParts({ dimension, settings, blocks, exact, length: 0, deleted: new Set() });
}

/** Opens what `save` wrote. @throws RangeError when the files do not fit the dimension or each other. */
export async function openFlatIndex({
  directory,
  dimension,
  settings: saved = {},
  rescoreFrom = 'memory',
  _internal,
}: {
  directory: string;
  dimension: number;
  settings?: FlatSettings;
  /**
   * For `int8`: where the vectors are that candidates are scored with. `disk` keeps the integers in memory only, a quarter of the
   * size, and reads each candidate from the file.
   * @default 'memory'
   */
  rescoreFrom?: 'memory' | 'disk';
} & FlatSurroundings): Promise<VectorIndex> {
  requireDimension(dimension);
  const settings = resolveFlatSettings(saved);
  const { precision } = settings;
  const blocks = createBlocks(dimension, precision, { ...(_internal && { _internal }) });
  const file = await openRowFile(join(directory, vectorsName), dimension);
  const fromDisk = precision === 'int8' && rescoreFrom === 'disk';
  try {
    const { length } = file;
    const exact = precision === 'int8' ? createExactRows(fromDisk ? file : null) : null;
    for (let start = 0; start < length; start += rowsPerChunk(dimension)) {
      const vectors = await file.read(start, Math.min(rowsPerChunk(dimension), length - start));
      blocks.append(vectors);
      if (!fromDisk) exact?.append(vectors);
    }
    const deleted = await readUint32Array(join(directory, deletedName));
    if (deleted.some((index) => index >= length))
      throw new RangeError(`${deletedName} names vectors that are not there`);
    for (const index of deleted) blocks.delete(index);
    if (!fromDisk) await file.close();
    return wrapParts({ dimension, settings, blocks, exact, length, deleted: new Set(deleted) });
  } catch (error) {
    await file.close();
    throw error;
  }
}
