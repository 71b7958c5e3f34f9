import type { Document } from '../retriever.js';
import { headerBytes, offsetBytes } from './document-files.js';
import { type IndexFile, readExactly } from './read-exactly.js';
import { damaged } from './store-error.js';

/** Where the line of a passage lies in the corpus file. */
interface Span {
  position: number;
  start: number;
  end: number;
}

/** Bytes between two ranges that are rather read along than left out with a second read. */
const maxGapBytes = 1 << 13;
const maxRunBytes = 1 << 22;
const parallelReads = 16;
/** JavaScript has no longer strings. */
const maxLineBytes = 2 ** 29 - 24;

/** Neighbouring ranges in runs that are read at once. Ranges come sorted. */
function joinRanges<T extends { start: number; end: number }>(ranges: readonly T[]): T[][] {
  const runs: T[][] = [];
  let run: T[] = [];
  for (const range of ranges) {
    const [first] = run;
    const last = run.at(-1);
    const joins =
      first !== undefined &&
      last !== undefined &&
      range.start - last.end <= maxGapBytes &&
      range.end - first.start <= maxRunBytes;
    if (!joins) {
      run = [];
      runs.push(run);
    }
    run.push(range);
  }
  return runs;
}

/** Results of `work` in order, a few at a time. */
async function mapInParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let start = 0; start < items.length; start += parallelReads) {
    results.push(...(await Promise.all(items.slice(start, start + parallelReads).map(work))));
  }
  return results;
}

async function readRun<T extends { start: number; end: number }>(file: IndexFile, run: readonly T[]) {
  const start = run[0]?.start ?? 0;
  const bytes = await readExactly(file, start, (run.at(-1)?.end ?? start) - start);
  return run.map((range) => ({ range, bytes: bytes.subarray(range.start - start, range.end - start) }));
}

async function readSpans(offsets: IndexFile, corpusBytes: number, positions: readonly number[]): Promise<Span[]> {
  const entries = positions.map((position) => {
    const start = headerBytes + position * offsetBytes;
    return { position, start, end: start + 2 * offsetBytes };
  });
  const runs = await mapInParallel(joinRanges(entries), (run) => readRun(offsets, run));
  return runs.flat().map(({ range: { position }, bytes }) => {
    const start = Number(bytes.readBigUInt64LE(0));
    const end = Number(bytes.readBigUInt64LE(offsetBytes));
    if (!(start < end && end <= corpusBytes && end - start <= maxLineBytes)) {
      throw damaged(offsets.path, `passage ${position} would be bytes ${start} to ${end} of ${corpusBytes}`);
    }
    return { position, start, end };
  });
}

function parseDocument(line: Buffer, position: number, path: string): Document {
  let value: unknown;
  try {
    value = JSON.parse(line.toString('utf8'));
  } catch {
    throw damaged(path, `passage ${position} is not JSON`);
  }
  const { id, contents } = (value ?? {}) as { id?: unknown; contents?: unknown };
  if (typeof id !== 'string' || typeof contents !== 'string') {
    throw damaged(path, `passage ${position} has no id or no contents`);
  }
  return { id, contents };
}

/**
 * Reads passages from the corpus file by the offsets file. Neighbours are read at once.
 * @param positions distinct, ascending, below the number of passages
 * @throws RetrieverError when an offset lies outside the corpus file or no passage lies there.
 */
export async function readDocuments(
  { corpus, offsets }: { corpus: IndexFile; offsets: IndexFile },
  positions: readonly number[],
): Promise<Document[]> {
  const spans = await readSpans(offsets, corpus.size, positions);
  // Offsets of a damaged file need not ascend.
  for (const [index, span] of spans.entries()) {
    if (index > 0 && span.start < (spans[index - 1]?.end ?? 0)) {
      throw damaged(offsets.path, `passage ${span.position} begins before the one in front of it ends`);
    }
  }
  const runs = await mapInParallel(joinRanges(spans), (run) => readRun(corpus, run));
  return runs.flat().map(({ range, bytes }) => parseDocument(bytes, range.position, corpus.path));
}
