import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, RetrieverError } from '@dgpo/trajectory';
import { type CreateKernelMemory, createKernelMemory } from '../kernels/kernel-memory.js';
import { requireTopK } from '../require-top-k.js';
import type { Match } from '../top-k.js';
import { createFlatIndex } from '../vector/flat-index.js';
import { requireDimension, requireIndices, requireVectors } from '../vector/require-vectors.js';
import { createTurns } from '../vector/take-turns.js';
import type { VectorIndex } from '../vector/vector-index.js';
import { type AddonGraph, createAddonGraph, readAddonGraph } from './addon-graph.js';
import { type GraphFile, openGraphFile } from './graph-file.js';
import { type HnswSettings, requireEf, resolveHnswSettings, type SavedHnswSettings } from './hnsw-settings.js';
import { type Hnswlib, importHnswlib } from './hnswlib.js';
import { type KernelGraph, readKernelGraph } from './kernel-graph.js';

export interface HnswSurroundings {
  /**
   * Gets the one line that says what is used instead when `hnswlib-node` is not there.
   * @default console.warn
   */
  logger?: (message: string) => void;
  /** Told how many vectors of a call of `add` have been added, now and then and at the end. */
  onProgress?: (progress: { done: number; total: number }) => void;
  /** Test seam. */
  _internal?: { importHnswlib?: () => Promise<Hnswlib>; createKernelMemory?: CreateKernelMemory };
}

/** A {@link VectorIndex} whose searches may look at more or fewer candidates than the settings say. */
export interface HnswIndex extends VectorIndex {
  search(options: {
    vectors: readonly Float32Array[];
    topK: number;
    /**
     * Candidates looked at in this search (at least `topK` always).
     * @default the setting of the index
     */
    efSearch?: number;
  }): Match[][] | Promise<Match[][]>;
}

type State =
  /** In the memory of the kernels: no N-API call for a query, several neighbours compared at once. */
  | { place: 'kernels'; graph: KernelGraph }
  /** In the addon: while it grows, and where the kernels cannot hold it. */
  | { place: 'addon'; graph: AddonGraph }
  | { place: 'closed' };

const graphName = 'graph.hnsw';

async function inTemporaryFile<Result>(use: (path: string) => Promise<Result>): Promise<Result> {
  const directory = await mkdtemp(join(tmpdir(), 'dgpo-hnsw-'));
  try {
    return await use(join(directory, graphName));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function withGraphFile<Result>(path: string, dimension: number, use: (file: GraphFile) => Promise<Result>) {
  const file = await openGraphFile({ path, dimension });
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}

/** Reads everything and throws what is wrong with it. */
async function checkGraph(file: GraphFile): Promise<number[]> {
  const deleted: number[] = [];
  await file.upperLists();
  for await (const { first, links } of file.nodes()) {
    for (const [row, [word]] of links.entries()) if ((word as number) >>> 16 !== 0) deleted.push(first + row);
  }
  return deleted;
}

function wrapState({
  initial,
  initiallyDeleted,
  dimension,
  settings,
  capacity,
  surroundings,
}: {
  initial: State;
  initiallyDeleted: readonly number[];
  dimension: number;
  settings: Required<HnswSettings>;
  capacity: number;
  surroundings: HnswSurroundings;
}): HnswIndex {
  const { onProgress, _internal } = surroundings;
  const deleted = new Set(initiallyDeleted);
  let state = initial;
  let searched = 0;
  let movable = true;

  const open = () => {
    if (state.place === 'closed') throw new RetrieverError('this index is closed');
    return state;
  };
  const length = () => (state.place === 'closed' ? 0 : state.graph.length);

  const turns = createTurns();

  async function moveToAddon(): Promise<AddonGraph> {
    const current = open();
    if (current.place === 'addon') return current.graph;
    let hnswlib: Hnswlib;
    try {
      hnswlib = await (_internal?.importHnswlib ?? importHnswlib)();
    } catch (cause) {
      throw new ConfigError(
        'adding to an HNSW index needs hnswlib-node (optional, needs a C++ compiler at install): npm install hnswlib-node',
        { cause },
      );
    }
    const graph =
      current.graph.length === 0
        ? createAddonGraph({ hnswlib, dimension, settings, capacity })
        : await inTemporaryFile(async (path) => {
            await current.graph.write(path);
            return readAddonGraph({ hnswlib, dimension, path });
          });
    state = { place: 'addon', graph };
    searched = 0;
    return graph;
  }

  async function moveToKernels(): Promise<void> {
    if (state.place !== 'addon') return;
    const { graph } = state;
    try {
      const read = await inTemporaryFile(async (path) => {
        await graph.write(path);
        return withGraphFile(path, dimension, (file) =>
          readKernelGraph(file, _internal?.createKernelMemory ?? createKernelMemory),
        );
      });
      if (read === null) movable = false;
      else state = { place: 'kernels', graph: read.graph };
    } catch {
      // No room for the file: the addon goes on answering.
      movable = false;
    }
  }

  return {
    kind: 'hnsw',
    get size() {
      return length() - deleted.size;
    },
    get length() {
      return length();
    },
    dimension,
    get settings() {
      return { ...settings, length: length(), deleted: deleted.size };
    },
    async add({ vectors, signal }) {
      signal?.throwIfAborted();
      requireVectors(vectors, dimension);
      if (vectors.length === 0) return;
      await turns.take(async () => {
        const graph = await moveToAddon();
        await graph.add({ vectors, ...(signal && { signal }), ...(onProgress && { onProgress }) });
      });
    },
    async delete({ indices }) {
      requireIndices(indices, length());
      await turns.take(async () => {
        const { graph } = open();
        for (const index of indices) {
          if (!deleted.has(index)) graph.markDeleted(index);
          deleted.add(index);
        }
      });
    },
    async search({ vectors, topK, efSearch = settings.efSearch }) {
      requireTopK(topK);
      requireEf('efSearch', efSearch);
      requireVectors(vectors, dimension);
      // A query through the addon costs some 25 µs more; writing the graph out and reading it costs about as much for every
      // eight vectors. So a graph that is searched so often for once moves, and one that changes between few searches stays.
      if (state.place === 'addon' && movable && !turns.busy) {
        searched += vectors.length;
        if (searched > state.graph.length / 8) await turns.take(moveToKernels);
      }
      const { graph } = open();
      const count = Math.min(topK, graph.length - deleted.size);
      if (count === 0) return vectors.map(() => []);
      return vectors.map((query) => graph.search(query, { topK: count, ef: efSearch }));
    },
    save: (directory) =>
      turns.take(async () => {
        const path = join(directory, graphName);
        const current = open();
        await current.graph.write(path);
        // hnswlib does not notice a full disk.
        if (current.place === 'addon') await withGraphFile(path, dimension, checkGraph);
      }),
    async close() {
      state = { place: 'closed' };
    },
  };
}

/** `hnswlib-node`, or null after one line to the logger when it is not installed or was not compiled. */
async function findHnswlib({ logger = console.warn, _internal }: HnswSurroundings): Promise<Hnswlib | null> {
  try {
    return await (_internal?.importHnswlib ?? importHnswlib)();
  } catch {
    logger('hnswlib-node is not available (optional, needs a C++ compiler at install): using the exact flat index');
    return null;
  }
}

/**
 * An approximate index for large corpora: a hierarchical navigable small world graph (Malkov and Yashunin, 2018,
 * https://arxiv.org/abs/1603.09320), built by `hnswlib-node` and searched by WebAssembly kernels. Same vectors and settings in the
 * same order, same graph. Where `hnswlib-node` is not installed the exact flat index is returned instead (`kind` says which).
 * Starts empty.
 * @throws ConfigError for settings outside their range and for a dimension that vectors cannot have.
 */
export async function createHnswIndex({
  dimension,
  capacity = 1024,
  logger,
  onProgress,
  _internal,
  ...options
}: {
  dimension: number;
  /**
   * How many vectors there is room for before the graph must grow; the number that will be added, where it is known.
   * @default 1024
   */
  capacity?: number;
} & HnswSettings &
  HnswSurroundings): Promise<HnswIndex> {
  requireDimension(dimension);
  requireEf('capacity', capacity);
  const settings = resolveHnswSettings(options);
  const surroundings = {
    ...(logger && { logger }),
    ...(onProgress && { onProgress }),
    ...(_internal && { _internal }),
  };
  const hnswlib = await findHnswlib(surroundings);
  if (hnswlib === null) return createFlatIndex({ dimension });
  const graph = createAddonGraph({ hnswlib, dimension, settings, capacity });
  const initial: State = { place: 'addon', graph };
  return wrapState({ initial, initiallyDeleted: [], dimension, settings, capacity, surroundings });
}

/** The vectors of a graph in an exact index under the same indices. */
async function openAsFlat(file: GraphFile): Promise<VectorIndex> {
  const index = createFlatIndex({ dimension: file.shape.dimension });
  const deleted: number[] = [];
  for await (const { first, links, vectors } of file.nodes()) {
    await index.add({ vectors });
    for (const [row, [word]] of links.entries()) if ((word as number) >>> 16 !== 0) deleted.push(first + row);
  }
  await index.delete({ indices: deleted });
  return index;
}

/**
 * Opens what `save` wrote. `hnswlib-node` is needed only where there is no WebAssembly SIMD and for graphs that do not fit into the
 * 4 GiB of the kernels (some 2.5 million vectors of 384); without it those open as the exact flat index.
 * @throws RangeError when the file is damaged or does not fit the dimension or the settings.
 */
export async function openHnswIndex({
  directory,
  dimension,
  settings,
  ...surroundings
}: {
  directory: string;
  dimension: number;
  settings: SavedHnswSettings;
} & HnswSurroundings): Promise<HnswIndex> {
  requireDimension(dimension);
  const resolved = resolveHnswSettings(settings);
  const { _internal } = surroundings;
  const path = join(directory, graphName);
  return withGraphFile(path, dimension, async (file) => {
    const { shape } = file;
    if (shape.m !== resolved.m || shape.length !== (settings.length ?? shape.length)) {
      throw new RangeError(
        `${graphName} holds ${shape.length} vectors with m ${shape.m}, which the manifest does not say`,
      );
    }
    const shared = { dimension, settings: resolved, capacity: Math.max(1024, shape.length), surroundings };
    const read = await readKernelGraph(file, _internal?.createKernelMemory ?? createKernelMemory);
    const deleted = read?.deleted ?? (await checkGraph(file));
    if (deleted.length !== (settings.deleted ?? deleted.length)) {
      throw new RangeError(`${graphName} has ${deleted.length} deleted vectors, the manifest says ${settings.deleted}`);
    }
    if (read !== null) {
      const initial: State = { place: 'kernels', graph: read.graph };
      return wrapState({ ...shared, initial, initiallyDeleted: read.deleted });
    }
    const hnswlib = await findHnswlib(surroundings);
    if (hnswlib === null) return openAsFlat(file);
    const graph =
      shape.length === 0
        ? createAddonGraph({ hnswlib, ...shared })
        : await readAddonGraph({ hnswlib, dimension, path });
    return wrapState({ ...shared, initial: { place: 'addon', graph }, initiallyDeleted: deleted });
  });
}
