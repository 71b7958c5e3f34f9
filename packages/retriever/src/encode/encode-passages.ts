import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { ConfigError, isDgpoError, RetrieverError } from '@dgpo/trajectory';
import { fingerprintCorpus } from '../corpus/fingerprint.js';
import { requireInteger } from '../require-integer.js';
import type { Document } from '../retriever.js';
import type { Encoder } from '../vector/encoder.js';
import { requireVectors } from '../vector/require-vectors.js';
import { type EncodingCheckpoint, otherRun, readFinishedShards, writeCheckpoint } from './encoding-checkpoint.js';
import { writeShard } from './shard.js';

export interface EncodingProgress {
  /** Passages encoded, those of earlier runs included. */
  done: number;
  total: number;
  /** Passages a second in this run. */
  rate: number;
  /** Seconds until the end at this rate. */
  secondsLeft: number;
}

export interface EncodePassagesOptions {
  encoder: Encoder;
  /** Every passage of the corpus in order, from the first on even when a run is continued. */
  documents: AsyncIterable<Document> | Iterable<Document>;
  /** Number of passages. */
  total: number;
  /** Where shards and checkpoint go; made when it is not there. */
  directory: string;
  /**
   * Passages of one file, which are held in memory; an interrupted run loses at most so many.
   * @default 8192
   */
  shardSize?: number;
  /** Ends the work early with the signal's reason; finished shards stay. */
  signal?: AbortSignal;
  onProgress?: (progress: EncodingProgress) => void;
  /** Test seam: seconds of a clock that only `rate` and `secondsLeft` come from. */
  _internal?: { now: () => number };
}

/** Passages given to the encoder at once; it makes its own batches out of them. */
const passagesPerCall = 256;

const isFull = (cause: unknown) =>
  cause instanceof Error && 'code' in cause && (cause.code === 'ENOSPC' || cause.code === 'EDQUOT');

/** The passages in lists of `size`; the last may be shorter. */
async function* inLists(documents: EncodePassagesOptions['documents'], size: number): AsyncGenerator<Document[]> {
  let list: Document[] = [];
  for await (const document of documents) {
    list.push(document);
    if (list.length < size) continue;
    yield list;
    list = [];
  }
  if (list.length > 0) yield list;
}

/**
 * Encodes a corpus into files of float32 rows, `[rows, dimension]` each ({@link readShard} reads one), with a checkpoint after each of them: an
 * interrupted run that is started again goes on with the first shard that is missing. Memory holds one shard.
 * @throws RetrieverError when the directory holds vectors of another encoder or corpus, or cannot be written: finished shards stay.
 * ConfigError when there are not `total` passages or the encoder gives something else than finite vectors of its dimension.
 */
export async function encodePassages({
  encoder,
  documents,
  total,
  directory,
  shardSize = 8192,
  signal,
  onProgress,
  _internal: { now } = { now: () => performance.now() / 1000 },
}: EncodePassagesOptions): Promise<{ shards: readonly string[] }> {
  requireInteger('shardSize', shardSize, 1);
  requireInteger('total', total, 0);
  const { dimension } = encoder;
  const run = { encoder: { ...encoder.settings }, dimension, total, shardSize };
  const started = now();
  let done = 0;
  let fresh = 0;

  function report() {
    const rate = fresh / Math.max(now() - started, 1e-9);
    onProgress?.({ done, total, rate, secondsLeft: fresh === 0 ? Number.POSITIVE_INFINITY : (total - done) / rate });
  }

  async function encodeShard(passages: readonly Document[]): Promise<Float32Array> {
    const block = new Float32Array(passages.length * dimension);
    for (let start = 0; start < passages.length; start += passagesPerCall) {
      signal?.throwIfAborted();
      const texts = passages.slice(start, start + passagesPerCall).map(({ contents }) => contents);
      const vectors = await encoder.encode(texts, 'passage', signal);
      if (vectors.length !== texts.length) {
        throw new ConfigError(`the encoder gave ${vectors.length} vectors for ${texts.length} passages`);
      }
      requireVectors(vectors, dimension);
      for (const [row, vector] of vectors.entries()) block.set(vector, (start + row) * dimension);
      done += texts.length;
      fresh += texts.length;
      report();
      // The embedded encoder answers at once: let timers and signals have their turn.
      await setImmediate();
    }
    return block;
  }

  const finished: EncodingCheckpoint['shards'] = [];
  try {
    await mkdir(directory, { recursive: true });
    const earlier = await readFinishedShards(directory, run);
    for await (const passages of inLists(documents, shardSize)) {
      signal?.throwIfAborted();
      const known = earlier[finished.length];
      const shard = {
        file: `vectors-${String(finished.length).padStart(6, '0')}.f32`,
        rows: passages.length,
        passages: fingerprintCorpus(passages),
      };
      if (known !== undefined) {
        if (known.passages !== shard.passages || known.rows !== shard.rows) throw otherRun(directory, 'corpus');
        done += passages.length;
        finished.push(known);
        continue;
      }
      if (done + passages.length > total) throw new ConfigError(`there are more than the ${total} passages announced`);
      await writeShard(join(directory, shard.file), await encodeShard(passages));
      finished.push(shard);
      await writeCheckpoint(directory, { formatVersion: 1, ...run, shards: finished });
    }
  } catch (cause) {
    signal?.throwIfAborted();
    if (isDgpoError(cause) || !(cause instanceof Error && 'syscall' in cause)) throw cause;
    const reason = isFull(cause) ? 'the disk is full' : cause.message;
    const kept = finished.reduce((sum, { rows }) => sum + rows, 0);
    throw new RetrieverError(
      `the vectors cannot be written (${reason}); ${kept} of ${total} passages are finished and stay: mend it and run this again`,
      { where: directory, cause },
    );
  }
  if (done !== total) throw new ConfigError(`there are ${done} passages instead of the ${total} announced`);
  return { shards: finished.map(({ file }) => join(directory, file)) };
}
