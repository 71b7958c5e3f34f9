import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError } from '@dgpo/trajectory';
import { type Bm25Settings, resolveBm25Settings } from './bm25/bm25-settings.js';
import { createBm25Writer } from './bm25/bm25-writer.js';
import { describeVectors } from './compose-retriever.js';
import { fingerprintIndex } from './corpus/fingerprint.js';
import { encodePassages } from './encode/encode-passages.js';
import { readShard } from './encode/shard.js';
import { type HybridSettings, type IndexSettings, resolveHybridSettings } from './index-settings.js';
import type { Document, IndexKind } from './retriever.js';
import { type DocumentStore, openDocumentStore, writeDocumentStore } from './store/document-store.js';
import { buildIndexDirectory, type IndexBuild } from './store/index-directory.js';
import { createVectorIndex, type VectorIndexOptions } from './vector/create-vector-index.js';
import type { Encoder } from './vector/encoder.js';
import { fitHashedEncoder } from './vector/hashed-encoder.js';
import type { VectorIndex } from './vector/vector-index.js';

/** The work of an index build, in order; a kind of index takes only some of it. */
export interface BuildProgress {
  step: 'passages' | 'fit' | 'encode' | 'index';
  /** Passages done. */
  done: number;
  /** All passages; unknown while they are read for the first time. */
  total?: number;
  /** Passages in a second, while encoding. */
  rate?: number;
  /** Seconds left at this rate. */
  secondsLeft?: number;
}

export interface BuildIndexOptions {
  /** Read once, as a stream: neither memory nor a second pass over the source is needed. */
  documents: AsyncIterable<Document> | Iterable<Document>;
  /** Where the index will stand. One that is there already is replaced when the new one is complete. */
  directory: string;
  /**
   * See {@link IndexKind}. Without `hnswlib-node`, `hnsw` becomes `flat`.
   * @default 'bm25'
   */
  kind?: IndexKind;
  /** For kinds `bm25` and `hybrid`. */
  bm25?: Bm25Settings;
  /** For every kind but `bm25`. `kind` of it is taken for `hybrid` alone. */
  vectors?: VectorIndexOptions;
  /** For kind `hybrid`. */
  fusion?: HybridSettings;
  /**
   * For every kind but `bm25`.
   * @default the embedded hashed encoder, fitted to the passages
   */
  encoder?: Encoder;
  /**
   * Passages encoded between two checkpoints: what an interruption may cost.
   * @default 8192
   */
  shardSize?: number;
  /** Gets notices such as a missing optional dependency. */
  logger?: (message: string) => void;
  /** Told how far the work is, now and then. */
  onProgress?: (progress: BuildProgress) => void;
  /** Ends the work early with the signal's reason; encoded passages are kept, and the next build of the same index goes on there. */
  signal?: AbortSignal;
}

export interface BuiltIndex {
  directory: string;
  kind: IndexKind;
  documents: number;
  fingerprint: string;
}

const passagesPerReport = 10_000;

/** Passes the documents on and tells how many have gone by. */
async function* counted(
  documents: AsyncIterable<Document> | Iterable<Document>,
  report: (done: number) => Promise<void> | void,
  signal: AbortSignal | undefined,
): AsyncGenerator<Document> {
  let done = 0;
  for await (const document of documents) {
    if (done % 256 === 0) signal?.throwIfAborted();
    yield document;
    done++;
    if (done % passagesPerReport === 0) await report(done);
  }
  await report(done);
}

/** Where vectors of just these passages and this encoder are kept; those of others are removed. */
async function shardDirectory(work: string, of: { corpus: string; settings: object }): Promise<string> {
  const name = fingerprintIndex(of).slice(0, 16);
  for (const other of await readdir(work)) {
    if (other !== name) await rm(join(work, other), { recursive: true, force: true });
  }
  await mkdir(join(work, name), { recursive: true });
  return join(work, name);
}

/** Encodes every passage and fills a vector index with them. */
async function buildVectors(
  store: DocumentStore,
  { work, directory }: IndexBuild,
  { kind = 'bm25', encoder, vectors, shardSize = 8192, logger, onProgress, signal }: BuildIndexOptions,
): Promise<{ encoder: Encoder; index: VectorIndex }> {
  const total = store.size;
  const chosen =
    encoder ??
    (await fitHashedEncoder({
      texts: (async function* () {
        const report = (done: number) => onProgress?.({ step: 'fit', done, total });
        for await (const { contents } of counted(store.documents(), report, signal)) yield contents;
      })(),
    }));
  const { shards } = await encodePassages({
    encoder: chosen,
    documents: store.documents(),
    total,
    directory: await shardDirectory(work, { corpus: store.fingerprint, settings: chosen.settings }),
    shardSize,
    ...(signal && { signal }),
    onProgress: (progress) => onProgress?.({ step: 'encode', ...progress }),
  });
  const index = await createVectorIndex({
    ...vectors,
    kind: kind === 'hybrid' ? (vectors?.kind ?? 'hnsw') : kind === 'bm25' ? 'flat' : kind,
    dimension: chosen.dimension,
    capacity: total,
    directory,
    ...(logger && { logger }),
  });
  try {
    for (const shard of shards) {
      await index.add({ vectors: await readShard(shard, chosen.dimension), ...(signal && { signal }) });
      onProgress?.({ step: 'index', done: index.length, total });
    }
    await index.save(directory);
    await chosen.save(directory);
  } catch (error) {
    await index.close();
    throw error;
  }
  return { encoder: chosen, index };
}

/**
 * Builds an index directory from a stream of passages: everything that {@link loadRetriever} needs, the passages included.
 * It is written beside its place and put there at the end. Same passages and settings, same bytes (but for LanceDB's files).
 * @throws ConfigError for settings outside their range; DatasetError when there are no passages or an id occurs twice;
 * RetrieverError when the directory holds something else or cannot be written; whatever reading the passages throws.
 */
export async function buildIndex(options: BuildIndexOptions): Promise<BuiltIndex> {
  const { documents, directory, kind = 'bm25', bm25, fusion, onProgress, signal } = options;
  signal?.throwIfAborted();
  const byWords = kind === 'bm25' || kind === 'hybrid';
  const byVectors = kind !== 'bm25';
  const bm25Settings = resolveBm25Settings(bm25 ?? {});
  const fusionSettings = resolveHybridSettings(fusion);
  if (byVectors && options.vectors?.kind !== undefined && kind !== 'hybrid' && options.vectors.kind !== kind) {
    throw new ConfigError(
      `an index of kind ${kind} cannot hold its vectors in ${options.vectors.kind}; use kind hybrid`,
    );
  }
  return buildIndexDirectory({
    directory,
    async write(build) {
      const writer = byWords ? createBm25Writer({ directory: build.directory, ...bm25Settings }) : undefined;
      const read = async function* () {
        for await (const document of counted(documents, (done) => onProgress?.({ step: 'passages', done }), signal)) {
          await writer?.add(document);
          yield document;
        }
      };
      await writeDocumentStore({ documents: read(), directory: build.directory, ...(signal && { signal }) });
      await writer?.finish();
      const store = await openDocumentStore({ directory: build.directory });
      let vectors: IndexSettings['vectors'];
      try {
        if (byVectors) {
          const { encoder, index } = await buildVectors(store, build, options);
          vectors = describeVectors({ encoder, index });
          await index.close();
        }
      } finally {
        await store.close();
      }
      signal?.throwIfAborted();
      const settings: IndexSettings = {
        ...(byWords && { bm25: bm25Settings }),
        ...(vectors && { vectors }),
        ...(kind === 'hybrid' && { fusion: fusionSettings }),
      };
      const found = kind === 'hybrid' || vectors === undefined ? kind : vectors.kind;
      const fingerprint = fingerprintIndex({ corpus: store.fingerprint, settings: { kind: found, ...settings } });
      await build.complete({
        kind: found,
        settings,
        fingerprint,
        corpus: { documents: store.size, fingerprint: store.fingerprint },
      });
      return { directory, kind: found, documents: store.size, fingerprint };
    },
  });
}
