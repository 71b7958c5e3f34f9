import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { ConfigError } from '@dgpo/trajectory';
import { requireTopK } from '../require-top-k.js';
import { writeTypedArray } from '../store/typed-array-file.js';
import { createFlatIndex, openFlatIndex, vectorsName } from './flat-index.js';
import { requireDimension, requireVectors } from './require-vectors.js';
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
  getPoint(label: number): number[];
  searchKnn(point: number[], topK: number): { distances: number[]; neighbors: number[] };
  setEf(ef: number): void;
  getCurrentCount(): number;
  readIndex(path: string): Promise<boolean>;
  writeIndex(path: string): Promise<boolean>;
}

const graphName = 'graph.hnsw';
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

function wrapGraph(graph: Graph, dimension: number, settings: Required<HnswSettings>): VectorIndex {
  const size = graph.getCurrentCount();
  return {
    kind: 'hnsw',
    size,
    dimension,
    settings,
    search({ vectors, topK }) {
      requireTopK(topK);
      requireVectors(vectors, dimension);
      const count = Math.min(topK, size);
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
      // The plain vectors let the index open where hnswlib-node does not install.
      const block = new Float32Array(size * dimension);
      for (let row = 0; row < size; row++) block.set(graph.getPoint(row), row * dimension);
      await writeTypedArray(join(directory, vectorsName), block);
    },
  };
}

/**
 * An approximate index for large corpora: a hierarchical navigable small world graph (Malkov and Yashunin, 2018,
 * https://arxiv.org/abs/1603.09320) in `hnswlib-node`. Same vectors and settings, same graph. Where `hnswlib-node` is not
 * installed the exact flat index is returned instead (`kind` says which).
 * @throws ConfigError for settings outside their range and for vectors as in {@link createFlatIndex}.
 */
export async function createHnswIndex({
  vectors,
  logger,
  onProgress,
  _internal,
  ...options
}: { vectors: readonly Float32Array[] } & HnswSettings & HnswSurroundings): Promise<VectorIndex> {
  const settings = resolveHnswSettings(options);
  const dimension = requireDimension(vectors);
  const hnswlib = await findHnswlib({ ...(logger && { logger }), ...(_internal && { _internal }) });
  if (hnswlib === null) return createFlatIndex({ vectors });
  const graph = new hnswlib.HierarchicalNSW('ip', dimension);
  const { m, efConstruction, seed } = settings;
  graph.initIndex({ maxElements: vectors.length, m, efConstruction, randomSeed: seed });
  for (const [label, vector] of vectors.entries()) {
    if (label > 0 && label % pointsPerTurn === 0) {
      onProgress?.({ done: label, total: vectors.length });
      await setImmediate();
    }
    graph.addPoint(Array.from(vector), label);
  }
  onProgress?.({ done: vectors.length, total: vectors.length });
  return wrapGraph(graph, dimension, settings);
}

/** Opens what `save` wrote, as the flat index where `hnswlib-node` is not installed. @throws when the parts do not fit. */
export async function openHnswIndex({
  directory,
  size,
  dimension,
  settings,
  ...surroundings
}: {
  directory: string;
  size: number;
  dimension: number;
  settings: Required<HnswSettings>;
} & HnswSurroundings): Promise<VectorIndex> {
  const hnswlib = await findHnswlib(surroundings);
  if (hnswlib === null) return openFlatIndex({ directory, size, dimension });
  const graph = new hnswlib.HierarchicalNSW('ip', dimension);
  await graph.readIndex(join(directory, graphName));
  if (graph.getCurrentCount() !== size) {
    throw new RangeError(`${graphName} holds ${graph.getCurrentCount()} vectors instead of ${size}`);
  }
  return wrapGraph(graph, dimension, settings);
}
