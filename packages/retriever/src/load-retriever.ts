import { join } from 'node:path';
import { isDgpoError, RetrieverError } from '@dgpo/trajectory';
import { z } from 'zod';
import { readBm25Files } from './bm25/bm25-files.js';
import { openBm25Index } from './bm25/bm25-index.js';
import { wrapBm25Index } from './bm25/bm25-retriever.js';
import { fingerprintCorpus } from './corpus/fingerprint.js';
import { loadCorpus } from './corpus/read-corpus.js';
import { type HnswSurroundings, openHnswIndex } from './hnsw/hnsw-index.js';
import type { Document, IndexedRetriever } from './retriever.js';
import { corpusName, type IndexManifest, readIndexDirectory } from './store/index-directory.js';
import { openFlatIndex } from './vector/flat-index.js';
import { readHashedEncoder } from './vector/hashed-encoder.js';
import { createVectorRetriever } from './vector/vector-retriever.js';

export interface LoadRetrieverOptions extends Pick<HnswSurroundings, 'logger' | '_internal'> {
  /** A directory that `save` or `dgpo-retriever index` wrote. */
  directory: string;
  /** The corpus the index is expected to be of: a file or the passages themselves. Without it nothing is compared. */
  corpus?: string | readonly Document[];
}

const bm25Schema = z.object({ k1: z.number(), b: z.number(), idf: z.enum(['lucene', 'robertson']) });
const vectorSchema = z.object({
  dimension: z.number().int().positive(),
  index: z.record(z.string(), z.unknown()),
  encoder: z.looseObject({ kind: z.string() }),
});
const flatSchema = z.object({
  precision: z.enum(['float32', 'int8']).exactOptional(),
  rescore: z.number().exactOptional(),
});
const hnswSchema = z.object({
  ...{ m: z.number(), efConstruction: z.number(), efSearch: z.number(), seed: z.number() },
  ...{ length: z.number().exactOptional(), deleted: z.number().exactOptional() },
});

async function openIndex(
  manifest: IndexManifest,
  documents: readonly Document[],
  { directory, ...surroundings }: Omit<LoadRetrieverOptions, 'corpus'>,
): Promise<IndexedRetriever> {
  if (manifest.kind === 'bm25') {
    const index = openBm25Index({
      postings: await readBm25Files({ directory }),
      ...bm25Schema.parse(manifest.settings),
    });
    if (index.size !== documents.length) throw new RangeError(`the index has ${index.size} passages`);
    return wrapBm25Index({ documents, index });
  }
  const { dimension, ...settings } = vectorSchema.parse(manifest.settings);
  if (settings.encoder.kind !== 'hashed') {
    throw new RetrieverError(`the encoder ${JSON.stringify(settings.encoder.kind)} of this index is not known here`, {
      where: directory,
    });
  }
  const encoder = await readHashedEncoder(settings.encoder, directory);
  const shape = { directory, dimension };
  if (manifest.kind !== 'flat' && manifest.kind !== 'hnsw') {
    throw new RetrieverError(`an index of kind ${manifest.kind} cannot be opened here`, { where: directory });
  }
  const index =
    manifest.kind === 'flat'
      ? await openFlatIndex({ ...shape, settings: flatSchema.parse(settings.index) })
      : await openHnswIndex({ ...shape, ...surroundings, settings: hnswSchema.parse(settings.index) });
  return createVectorRetriever({ documents, encoder, index });
}

/**
 * Opens an index directory; nothing else is needed, the passages lie in it. Every file is checked against its SHA-256.
 * @throws RetrieverError when there is no index, it is damaged or of another version, or it is not of the given `corpus`.
 */
export async function loadRetriever({ corpus, ...options }: LoadRetrieverOptions): Promise<IndexedRetriever> {
  const { directory } = options;
  const manifest = await readIndexDirectory(directory);
  if (corpus !== undefined) {
    const expected = typeof corpus === 'string' ? await loadCorpus({ path: corpus }) : corpus;
    if (fingerprintCorpus(expected) !== manifest.corpus.fingerprint) {
      const name = typeof corpus === 'string' ? corpus : 'the one given';
      throw new RetrieverError(
        `this index is of another corpus than ${name} (${manifest.corpus.documents} passages in the index, ` +
          `${expected.length} in the corpus; the SHA-256 of ids and contents differs); build the index anew`,
        { where: directory },
      );
    }
  }
  try {
    const documents = await loadCorpus({ path: join(directory, corpusName) });
    if (fingerprintCorpus(documents) !== manifest.corpus.fingerprint) {
      throw new RangeError(`${corpusName} is not the corpus that the manifest names`);
    }
    return await openIndex(manifest, documents, options);
  } catch (cause) {
    if (isDgpoError(cause) && cause.code === 'RETRIEVER_ERROR') throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RetrieverError(`the index is damaged (${reason}); build it anew`, { where: directory, cause });
  }
}
