import { setImmediate } from 'node:timers/promises';
import type { Match } from '../top-k.js';
import type { HnswSettings } from './hnsw-settings.js';
import { type Hnswlib, type HnswlibGraph, writeHnswlibGraph } from './hnswlib.js';

/** A graph inside `hnswlib-node`: it can be added to. */
export interface AddonGraph {
  readonly length: number;
  add(options: {
    vectors: readonly Float32Array[];
    signal?: AbortSignal;
    onProgress?: (progress: { done: number; total: number }) => void;
  }): Promise<void>;
  search(query: Float32Array, options: { topK: number; ef: number }): Match[];
  markDeleted(node: number): void;
  write(path: string): Promise<void>;
}

const vectorsPerTurn = 256;

function wrapGraph(graph: HnswlibGraph, dimension: number, startCapacity: number): AddonGraph {
  let capacity = startCapacity;
  // The addon takes plain arrays only; one that is filled anew saves an allocation for each vector.
  const numbers: number[] = new Array<number>(dimension).fill(0);
  const toNumbers = (vector: Float32Array) => {
    for (let column = 0; column < dimension; column++) numbers[column] = vector[column] as number;
    return numbers;
  };
  return {
    get length() {
      return graph.getCurrentCount();
    },
    async add({ vectors, signal, onProgress }) {
      const start = graph.getCurrentCount();
      const needed = start + vectors.length;
      if (needed > capacity) {
        capacity = Math.max(needed, 2 * capacity);
        graph.resizeIndex(capacity);
      }
      for (const [done, vector] of vectors.entries()) {
        if (done > 0 && done % vectorsPerTurn === 0) {
          onProgress?.({ done, total: vectors.length });
          await setImmediate();
          signal?.throwIfAborted();
        }
        graph.addPoint(toNumbers(vector), start + done);
      }
      onProgress?.({ done: vectors.length, total: vectors.length });
    },
    search(query, { topK, ef }) {
      graph.setEf(Math.max(ef, topK));
      const { distances, neighbors } = graph.searchKnn(toNumbers(query), Math.min(topK, graph.getCurrentCount()));
      // The distance is one minus the product.
      const matches = neighbors.map((index, rank) => ({ index, score: 1 - (distances[rank] as number) }));
      return matches.sort((left, right) => right.score - left.score || left.index - right.index);
    },
    markDeleted: (node) => graph.markDelete(node),
    write: (path) => writeHnswlibGraph(graph, path),
  };
}

/** An empty graph with room for `capacity` vectors; it grows when more are added. */
export function createAddonGraph({
  hnswlib,
  dimension,
  settings,
  capacity,
}: {
  hnswlib: Hnswlib;
  dimension: number;
  settings: Required<HnswSettings>;
  capacity: number;
}): AddonGraph {
  const graph = new hnswlib.HierarchicalNSW('ip', dimension);
  const { m, efConstruction, seed } = settings;
  graph.initIndex({ maxElements: capacity, m, efConstruction, randomSeed: seed });
  return wrapGraph(graph, dimension, capacity);
}

/** Reads a graph file, which must have been checked: hnswlib itself believes whatever it says. */
export async function readAddonGraph({
  hnswlib,
  dimension,
  path,
}: {
  hnswlib: Hnswlib;
  dimension: number;
  path: string;
}): Promise<AddonGraph> {
  const graph = new hnswlib.HierarchicalNSW('ip', dimension);
  await graph.readIndex(path);
  return wrapGraph(graph, dimension, graph.getCurrentCount());
}
