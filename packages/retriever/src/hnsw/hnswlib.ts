import { open } from 'node:fs/promises';
import { headerBytes } from './graph-shape.js';

/** The part of `hnswlib-node` that is used here. */
export interface Hnswlib {
  HierarchicalNSW: new (space: 'ip', dimension: number) => HnswlibGraph;
}
export interface HnswlibGraph {
  initIndex(options: { maxElements: number; m: number; efConstruction: number; randomSeed: number }): void;
  resizeIndex(maxElements: number): void;
  addPoint(point: number[], label: number): void;
  markDelete(label: number): void;
  searchKnn(point: number[], topK: number): { distances: number[]; neighbors: number[] };
  setEf(ef: number): void;
  getCurrentCount(): number;
  readIndex(path: string): Promise<boolean>;
  writeIndex(path: string): Promise<boolean>;
}

// A name that TypeScript and bundlers do not follow: the package builds where hnswlib-node did not install.
const moduleName: string = 'hnswlib-node';

/** @throws where hnswlib-node is not installed or was not compiled. */
export async function importHnswlib(): Promise<Hnswlib> {
  const imported: { default: Hnswlib } = await import(moduleName);
  return imported.default;
}

/** Writes the graph with its number of vectors as capacity, so that equal graphs are equal files however they grew. */
export async function writeHnswlibGraph(graph: HnswlibGraph, path: string): Promise<void> {
  await graph.writeIndex(path);
  const file = await open(path, 'r+');
  try {
    const header = new Uint8Array(headerBytes);
    await file.read(header, 0, headerBytes, 0);
    header.copyWithin(8, 16, 24);
    await file.write(header, 0, headerBytes, 0);
  } finally {
    await file.close();
  }
}
