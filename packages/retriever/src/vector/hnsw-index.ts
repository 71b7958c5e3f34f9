import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { ConfigError } from '@dgpo/trajectory';
import { requireTopK } from '../require-top-k.js';
import { readUint32Array, writeTypedArray } from '../store/typed-array-file.js';
import { createFlatIndex, openFlatIndex } from './flat-index.js';
import { requireDimension, requireIndices, requireVectors } from './require-vectors.js';
import type { VectorIndex } from './vector-index.js';

export interface HnswSettings {
  /**
   * Links of each vector per layer; more find better and take more memory.
   * @default 16
   */
  m?: number;
  /**
   * Candidates looked at when a vector is added.
   * @default 200
   */
  efConstruction?: number;
  /**
   * Candidates looked at in a search (at least `topK` always).
   * @default 64
   */
  efSearch?: number;
  /**
   * Seed of the layer that each vector is drawn into.
   * @default 100
   */
  seed?: number;
}

export interface HnswSurroundings {
  /**
   * Gets the one line that says what is used instead when `hnswlib-node` is not there.
   * @default console.warn
   */
  logger?: (message: string) => void;
  /** Told how many vectors have been added, now and then and at the end. */
  onProgress?: (progress: { done: number; total: number }) => void;
  /** Test seam. */
  _internal?: { importHnswlib: () => Promise<Hnswlib> };
}

/** The part of `hnswlib-node` that is used here. */
interface Hnswlib {
  HierarchicalNSW: new (space: 'ip', dimension: number) => Graph;
}
interface Graph {
  initIndex(options: { maxElements: number; m: number; efConstruction: number; randomSeed: number }): void;
  addPoint(point: number[], label: number): void;
  markDelete(label: number): void;
  resizeIndex(maxElements: number): void;
  getMaxElements(): number;
  searchKnn(point: number[], topK: number): { distances: number[]; neighbors: number[] };
  setEf(ef: number): void;
  getCurrentCount(): number;
  readIndex(path: string): Promise<boolean>;
  writeIndex(path: string): Promise<boolean>;
}

const graphName = 'graph.hnsw';
const deletedName = 'deleted.u32';
const pointsPerTurn = 256;

// A name that TypeScript and bundlers do not follow: the package builds where hnswlib-node did not install.
const moduleName: string = 'hnswlib-node';

async function importHnswlib(): Promise<Hnswlib> {
  const imported: { default: Hnswlib } = await import(moduleName);
  return imported.default;
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

/** @throws ConfigError for settings outside their range. */
export function resolveHnswSettings({
  m = 16,
  efConstruction = 200,
  efSearch = 64,
  seed = 100,
}: HnswSettings): Required<HnswSettings> {
  const settings = { m, efConstruction, efSearch, seed };
  for (const [name, value] of Object.entries(settings)) {
    const minimum = name === 'seed' ? 0 : name === 'm' ? 2 : 1;
    if (!Number.isInteger(value) || value < minimum) {
      throw new ConfigError(`HNSW ${name} must be an integer of at least ${minimum}, not ${value}`);
    }
  }
  return settings;
}

function wrapGraph(
  hnswlib: Hnswlib,
  dimension: number,
  settings: Required<HnswSettings>,
  state: { graph: Graph; deleted: Set<number>; capacity: number },
  { onProgress }: HnswSurroundings,
): VectorIndex {
  const { deleted } = state;
  let { graph, capacity } = state;
  const length = () => graph.getCurrentCount();
  const makeRoom = (needed: number) => {
    if (needed <= capacity) return;
    capacity = Math.max(needed, 2 * capacity);
    graph.resizeIndex(capacity);
  };
  return {
    kind: 'hnsw',
    get size() {
      return length() - deleted.size;
    },
    get length() {
      return length();
    },
    dimension,
    settings: { ...settings },
    async add({ vectors, signal }) {
      signal?.throwIfAborted();
      requireVectors(vectors, dimension);
      makeRoom(length() + vectors.length);
      for (const [done, vector] of vectors.entries()) {
        if (done > 0 && done % pointsPerTurn === 0) {
          onProgress?.({ done, total: vectors.length });
          await setImmediate();
          signal?.throwIfAborted();
        }
        graph.addPoint(Array.from(vector), length());
      }
      onProgress?.({ done: vectors.length, total: vectors.length });
    },
    async delete({ indices }) {
      requireIndices(indices, length());
      for (const index of indices) {
        if (!deleted.has(index)) graph.markDelete(index);
        deleted.add(index);
      }
    },
    search({ vectors, topK }) {
      requireTopK(topK);
      requireVectors(vectors, dimension);
      const count = Math.min(topK, length() - deleted.size);
      if (count === 0) return vectors.map(() => []);
      graph.setEf(Math.max(settings.efSearch, count));
      return vectors.map((query) => {
        const { distances, neighbors } = graph.searchKnn(Array.from(query), count);
        // hnswlib's distance of the inner product space is one minus the product.
        const matches = neighbors.map((index, rank) => ({ index, score: 1 - (distances[rank] as number) }));
        return matches.sort((left, right) => right.score - left.score || left.index - right.index);
      });
    },
    async save(directory) {
      await graph.writeIndex(join(directory, graphName));
      await writeTypedArray(join(directory, deletedName), Uint32Array.from(deleted));
    },
    async close() {
      graph = new hnswlib.HierarchicalNSW('ip', dimension);
    },
  };
}

function createGraph(hnswlib: Hnswlib, dimension: number, settings: Required<HnswSettings>, capacity: number): Graph {
  const graph = new hnswlib.HierarchicalNSW('ip', dimension);
  const { m, efConstruction, seed } = settings;
  graph.initIndex({ maxElements: capacity, m, efConstruction, randomSeed: seed });
  return graph;
}

/**
 * An approximate index for large corpora: a hierarchical navigable small world graph (Malkov and Yashunin, 2018,
 * https://arxiv.org/abs/1603.09320) in `hnswlib-node`. Same vectors and settings, same graph. Where `hnswlib-node` is not
 * installed the exact flat index is returned instead (`kind` says which). Starts empty.
 * @throws ConfigError for settings outside their range and for a dimension that vectors cannot have.
 */
export async function createHnswIndex({
  dimension,
  capacity = 1024,
  logger,
  onProgress,
  _internal,
  ...options
}: { dimension: number; capacity?: number } & HnswSettings & HnswSurroundings): Promise<VectorIndex> {
  requireDimension(dimension);
  const settings = resolveHnswSettings(options);
  const surroundings = {
    ...(logger && { logger }),
    ...(onProgress && { onProgress }),
    ...(_internal && { _internal }),
  };
  const hnswlib = await findHnswlib(surroundings);
  if (hnswlib === null) return createFlatIndex({ dimension });
  const graph = createGraph(hnswlib, dimension, settings, capacity);
  return wrapGraph(hnswlib, dimension, settings, { graph, deleted: new Set(), capacity }, surroundings);
}

/** Opens what `save` wrote. @throws when the parts do not fit. */
export async function openHnswIndex({
  directory,
  dimension,
  settings,
  ...surroundings
}: {
  directory: string;
  dimension: number;
  settings: Required<HnswSettings>;
} & HnswSurroundings): Promise<VectorIndex> {
  const hnswlib = await findHnswlib(surroundings);
  if (hnswlib === null) return openFlatIndex({ directory, dimension });
  const graph = new hnswlib.HierarchicalNSW('ip', dimension);
  await graph.readIndex(join(directory, graphName));
  const deleted = new Set(await readUint32Array(join(directory, deletedName)));
  const capacity = graph.getMaxElements();
  return wrapGraph(hnswlib, dimension, settings, { graph, deleted, capacity }, surroundings);
}
