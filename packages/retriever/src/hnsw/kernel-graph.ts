import { open } from 'node:fs/promises';
import type { CreateKernelMemory, KernelMemory } from '../kernels/kernel-memory.js';
import type { Match } from '../top-k.js';
import type { GraphFile } from './graph-file.js';
import { type GraphShape, listBytes, nodeBytes, writeHeader } from './graph-shape.js';

/** A graph in the memory of the kernels: searched there, without any native addon. */
export interface KernelGraph {
  readonly length: number;
  /** The same answer as `searchKnn` of hnswlib with this ef. */
  search(query: Float32Array, options: { topK: number; ef: number }): Match[];
  markDeleted(node: number): void;
  /** Writes the graph file. */
  write(path: string): Promise<void>;
}

const chunkBytes = 1 << 22;
/** Vectors begin at cache lines; 16 bytes are what a SIMD load needs to stay within one. */
const roundUp = (bytes: number, step: number) => Math.ceil(bytes / step) * step;

/** Where everything lies, as byte offsets. */
function planMemory(shape: GraphShape, listCount: number) {
  const { length, m, dimension } = shape;
  let end = 64;
  const place = (bytes: number) => {
    const start = end;
    end = roundUp(end + bytes, 64);
    return start;
  };
  const vectorBytes = roundUp(4 * dimension, 16);
  const linkBytes = 4 + 8 * m;
  return {
    vectorBytes,
    linkBytes,
    query: place(vectorBytes),
    ids: place(linkBytes + 16),
    distances: place(linkBytes + 16),
    found: place(8 * (length + 1)),
    candidates: place(8 * (length + 1)),
    visited: place(length),
    firstLists: place(4 * length),
    lists: place(listCount * listBytes(shape)),
    links: place(length * linkBytes),
    vectors: place(length * vectorBytes),
    total: end,
  };
}

type Plan = ReturnType<typeof planMemory>;

async function writeGraph(path: string, shape: GraphShape, plan: Plan, buffer: ArrayBuffer, levels: Uint16Array) {
  const { length, dimension } = shape;
  const file = await open(path, 'w');
  const put = async (bytes: Uint8Array) => {
    for (let start = 0; start < bytes.length; ) start += (await file.write(bytes, start)).bytesWritten;
  };
  try {
    await put(writeHeader(shape));
    const memory = new Uint8Array(buffer);
    const perNode = nodeBytes(shape);
    const perChunk = Math.max(1, Math.floor(chunkBytes / perNode));
    for (let first = 0; first < length; first += perChunk) {
      const count = Math.min(perChunk, length - first);
      const chunk = new Uint8Array(count * perNode);
      const view = new DataView(chunk.buffer);
      for (let row = 0; row < count; row++) {
        const node = first + row;
        const start = row * perNode;
        const links = plan.links + node * plan.linkBytes;
        const vector = plan.vectors + node * plan.vectorBytes;
        chunk.set(memory.subarray(links, links + plan.linkBytes), start);
        chunk.set(memory.subarray(vector, vector + 4 * dimension), start + plan.linkBytes);
        view.setUint32(start + perNode - 8, node, true);
      }
      await put(chunk);
    }
    const perList = listBytes(shape);
    let parts: Uint8Array[] = [];
    let at = plan.lists;
    for (const [node, level] of levels.entries()) {
      parts.push(new Uint8Array(Uint32Array.of(level * perList).buffer), memory.subarray(at, at + level * perList));
      at += level * perList;
      if (parts.length >= 65_536 || node === length - 1) {
        await put(Buffer.concat(parts));
        parts = [];
      }
    }
  } finally {
    await file.close();
  }
}

async function loadGraph(file: GraphFile, plan: Plan, { buffer }: KernelMemory) {
  const { length } = file.shape;
  const upper = await file.upperLists();
  new Uint32Array(buffer, plan.firstLists, length).set(upper.first);
  new Uint32Array(buffer, plan.lists, upper.words.length).set(upper.words);
  const deleted: number[] = [];
  const words = new Uint32Array(buffer);
  const floats = new Float32Array(buffer);
  for await (const { first, links, vectors } of file.nodes()) {
    for (const [row, list] of links.entries()) {
      const node = first + row;
      words.set(list, (plan.links + node * plan.linkBytes) / 4);
      floats.set(vectors[row] as Float32Array, (plan.vectors + node * plan.vectorBytes) / 4);
      if ((list[0] as number) >>> 16 !== 0) deleted.push(node);
    }
  }
  const levels = Uint16Array.from(
    upper.first,
    (start, node) => (node + 1 < length ? (upper.first[node + 1] as number) : upper.count) - start,
  );
  return { levels, deleted };
}

/**
 * Reads a graph into a memory of the kernels.
 * @returns the graph and its deleted nodes, or null where there are no kernels or it needs more memory than they can have.
 * @throws RangeError when the file is damaged.
 */
export async function readKernelGraph(
  file: GraphFile,
  createKernelMemory: CreateKernelMemory,
): Promise<{ graph: KernelGraph; deleted: number[] } | null> {
  const { shape } = file;
  const { length, dimension, entry, maxLevel } = shape;
  const plan = planMemory(shape, file.listCount);
  const memory = createKernelMemory({ initialBytes: plan.total, maximumBytes: plan.total });
  if (memory === null) return null;
  const { kernels, buffer } = memory;
  const { levels, deleted } = await loadGraph(file, plan, memory);
  const queryView = new Float32Array(buffer, plan.query, dimension);
  const visited = new Uint8Array(buffer, plan.visited, length);
  const links = new Uint32Array(buffer);
  const foundKeys = new Float32Array(buffer, plan.found, 2 * (length + 1));
  const foundIds = new Uint32Array(buffer, plan.found, 2 * (length + 1));
  let hasDeleted = deleted.length > 0 ? 1 : 0;
  let stamp = 0;
  const graph: KernelGraph = {
    length,
    search(query, { topK, ef }) {
      if (length === 0) return [];
      if (stamp === 255) {
        visited.fill(0);
        stamp = 0;
      }
      stamp++;
      queryView.set(query);
      const count = kernels.hnswSearch(
        plan.query,
        dimension,
        plan.vectors,
        plan.vectorBytes,
        plan.links,
        plan.linkBytes,
        plan.firstLists,
        plan.lists,
        listBytes(shape),
        entry,
        maxLevel,
        plan.visited,
        stamp,
        Math.min(Math.max(ef, topK), length),
        topK,
        hasDeleted,
        plan.candidates,
        plan.found,
        plan.ids,
        plan.distances,
      );
      const matches: Match[] = [];
      for (let rank = 0; rank < count; rank++) {
        // The distance is one minus the product.
        matches.push({ index: foundIds[2 * rank + 1] as number, score: 1 - (foundKeys[2 * rank] as number) });
      }
      return matches;
    },
    markDeleted(node) {
      const word = (plan.links + node * plan.linkBytes) / 4;
      links[word] = (links[word] as number) | 0x10000;
      hasDeleted = 1;
    },
    write: (path) => writeGraph(path, shape, plan, buffer, levels),
  };
  return { graph, deleted };
}
