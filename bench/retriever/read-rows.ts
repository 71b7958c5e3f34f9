import { readFile } from 'node:fs/promises';

/** Rows of float32 from a file; the rows share one block. */
export async function readRows(path: string, dimension: number): Promise<Float32Array[]> {
  const bytes = await readFile(path);
  const block = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  return Array.from({ length: block.length / dimension }, (_, row) =>
    block.subarray(row * dimension, (row + 1) * dimension),
  );
}

/** Share of the true neighbours, `[queries, topK]` int32 in a file, that were found. */
export async function measureRecall(path: string, topK: number, found: readonly { index: number }[][]) {
  const bytes = await readFile(path);
  const truth = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  let hits = 0;
  for (const [row, matches] of found.entries()) {
    const expected = new Set(truth.subarray(row * topK, (row + 1) * topK));
    hits += matches.filter((match) => expected.has(match.index)).length;
  }
  return hits / (found.length * topK);
}
