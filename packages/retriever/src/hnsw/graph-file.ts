import { type FileHandle, open } from 'node:fs/promises';
import { type GraphShape, headerBytes, listBytes, nodeBytes, readHeader } from './graph-shape.js';

/** Some nodes of level 0 in order; the arrays are valid until the next are read. */
interface GraphNodes {
  first: number;
  /** For each node: a word (number of links in the low 16 bits, then 1 where it is deleted) and its 2 · m places for links. */
  links: Uint32Array[];
  vectors: Float32Array[];
}

/** The links of all upper levels. */
interface UpperLists {
  /** Number of lists. */
  count: number;
  /** For each node where its lists begin (level 1 first), counted in lists. */
  first: Uint32Array;
  /** `[lists, 1 + m]`: the number of links, then links. */
  words: Uint32Array;
}

/** A graph file; whatever it gives out was checked, so that a search over it stays within its nodes and lists. */
export interface GraphFile {
  readonly shape: GraphShape;
  /** Number of upper lists. */
  readonly listCount: number;
  /** All nodes in order, some at a time. @throws RangeError at the first that is damaged. */
  nodes(): AsyncGenerator<GraphNodes>;
  /** @throws RangeError when a list is damaged. */
  upperLists(): Promise<UpperLists>;
  close(): Promise<void>;
}

const chunkBytes = 1 << 22;
const damaged = (what: string) => new RangeError(`the graph file is damaged: ${what}`);

async function readFully(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let start = 0; start < bytes.length; ) {
    const { bytesRead } = await file.read(bytes, start, Math.min(bytes.length - start, 1 << 28), position + start);
    if (bytesRead === 0) throw damaged('it ends early');
    start += bytesRead;
  }
}

function requireLinks(words: Uint32Array, count: number, length: number, node: number): void {
  if (count >= words.length) throw damaged(`node ${node} has ${count} links`);
  for (let link = 1; link <= count; link++) {
    if ((words[link] as number) >= length) throw damaged(`node ${node} links to ${words[link]} of ${length}`);
  }
}

async function* readNodes(file: FileHandle, shape: GraphShape): AsyncGenerator<GraphNodes> {
  const { length, m, dimension } = shape;
  const words = nodeBytes(shape) / 4;
  const perChunk = Math.max(1, Math.floor(chunkBytes / nodeBytes(shape)));
  const chunk = new Uint32Array(Math.min(perChunk, length) * words);
  for (let first = 0; first < length; first += perChunk) {
    const count = Math.min(perChunk, length - first);
    await readFully(file, new Uint8Array(chunk.buffer, 0, count * words * 4), headerBytes + first * words * 4);
    const links: Uint32Array[] = [];
    const vectors: Float32Array[] = [];
    for (let row = 0; row < count; row++) {
      const node = first + row;
      const start = row * words;
      const list = chunk.subarray(start, start + 1 + 2 * m);
      const word = list[0] as number;
      if (word >>> 17 !== 0) throw damaged(`node ${node} has unknown flags`);
      requireLinks(list, word & 0xffff, length, node);
      if (chunk[start + words - 2] !== node || chunk[start + words - 1] !== 0)
        throw damaged(`the label of node ${node}`);
      links.push(list);
      vectors.push(new Float32Array(chunk.buffer, 4 * (start + 1 + 2 * m), dimension));
    }
    yield { first, links, vectors };
  }
}

async function readUpperLists(file: FileHandle, shape: GraphShape, count: number): Promise<UpperLists> {
  const { length, m, maxLevel, entry } = shape;
  const perList = 1 + m;
  const section = new Uint32Array(length + count * perList);
  await readFully(file, new Uint8Array(section.buffer), headerBytes + length * nodeBytes(shape));
  const first = new Uint32Array(length);
  const levels = new Uint16Array(length);
  const words = new Uint32Array(count * perList);
  let at = 0;
  let placed = 0;
  for (let node = 0; node < length; node++) {
    const bytes = section[at++];
    if (bytes === undefined) throw damaged('it ends early');
    const level = bytes / listBytes(shape);
    if (!Number.isInteger(level) || level > maxLevel || placed + level > count)
      throw damaged(`the level of node ${node}`);
    first[node] = placed;
    levels[node] = level;
    words.set(section.subarray(at, at + level * perList), placed * perList);
    at += level * perList;
    placed += level;
  }
  if (at !== section.length) throw damaged('it does not end with the last node');
  if (length > 0 && levels[entry] !== maxLevel) throw damaged(`the search begins at node ${entry} of a lower level`);
  for (let node = 0; node < length; node++) {
    for (let level = 1; level <= (levels[node] as number); level++) {
      const start = ((first[node] as number) + level - 1) * perList;
      const list = words.subarray(start, start + perList);
      const links = list[0] as number;
      requireLinks(list, links, length, node);
      for (let link = 1; link <= links; link++) {
        if ((levels[list[link] as number] as number) < level) throw damaged(`node ${node} links to a lower level`);
      }
    }
  }
  return { count, first, words };
}

/** Opens a graph file. @throws RangeError when its header does not fit the dimension or the file; when it cannot be read. */
export async function openGraphFile({ path, dimension }: { path: string; dimension: number }): Promise<GraphFile> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const header = new Uint8Array(Math.min(headerBytes, size));
    await readFully(file, header, 0);
    const shape = readHeader(header, dimension, size);
    const listCount = (size - headerBytes - shape.length * (nodeBytes(shape) + 4)) / listBytes(shape);
    return {
      shape,
      listCount,
      nodes: () => readNodes(file, shape),
      upperLists: () => readUpperLists(file, shape, listCount),
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}
