import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DatasetError, RetrieverError } from '@dgpo/trajectory';
import { createCorpusHasher } from '../corpus/fingerprint.js';
import type { Document } from '../retriever.js';
import { type ByteWriter, createByteWriter } from './byte-writer.js';
import { documentFiles, encodeHeader, headerBytes, offsetBytes } from './document-files.js';
import type { HashId } from './id-table.js';
import { createIdTableWriter, type IdTableWriter } from './id-table-writer.js';

export interface WriteDocumentStoreOptions {
  documents: AsyncIterable<Document> | Iterable<Document>;
  /** An existing directory. */
  directory: string;
  /** Ends the work early with the signal's reason. */
  signal?: AbortSignal;
  /** Test seam. */
  _internal?: { hash: HashId };
}

const maxDocuments = 2 ** 32 - 1;

interface Writers {
  corpus: ByteWriter;
  offsets: ByteWriter;
  ids: IdTableWriter;
}

function encodeOffset(offset: number): Buffer {
  const bytes = Buffer.allocUnsafe(offsetBytes);
  bytes.writeBigUInt64LE(BigInt(offset));
  return bytes;
}

async function readId({ corpus, offsets }: Writers, position: number): Promise<string> {
  const bounds = await offsets.read(headerBytes + position * offsetBytes, 2 * offsetBytes);
  const start = Number(bounds.readBigUInt64LE(0));
  const line = await corpus.read(start, Number(bounds.readBigUInt64LE(offsetBytes)) - start);
  const { id }: { id: string } = JSON.parse(line.toString('utf8'));
  return id;
}

async function refuseDuplicates(writers: Writers, positions: readonly number[]): Promise<void> {
  const seen = new Map<string, number>();
  for (const position of positions) {
    const id = await readId(writers, position);
    const before = seen.get(id);
    if (before !== undefined) {
      throw new DatasetError(
        `the id ${JSON.stringify(id)} occurs twice (passages ${before + 1} and ${position + 1}); ids must be unique`,
      );
    }
    seen.set(id, position);
  }
}

async function writeAll(
  writers: Writers,
  { documents, signal }: WriteDocumentStoreOptions,
): Promise<{ size: number; fingerprint: string }> {
  const { corpus, offsets, ids } = writers;
  const hasher = createCorpusHasher();
  await offsets.write(Buffer.alloc(headerBytes));
  let size = 0;
  for await (const { id, contents } of documents) {
    signal?.throwIfAborted();
    if (size === maxDocuments) throw new RetrieverError(`a document store holds at most ${maxDocuments} passages`);
    hasher.add({ id, contents });
    // Waiting only where there is something to wait for is most of the speed.
    const offsetWritten = offsets.write(encodeOffset(corpus.position));
    if (offsetWritten !== undefined) await offsetWritten;
    const lineWritten = corpus.write(Buffer.from(`${JSON.stringify({ id, contents })}\n`));
    if (lineWritten !== undefined) await lineWritten;
    const idAdded = ids.add(id, size);
    if (idAdded !== undefined) await idAdded;
    size++;
  }
  if (size === 0) throw new DatasetError('the corpus has no passages');
  await offsets.write(encodeOffset(corpus.position));
  await ids.finish((positions) => refuseDuplicates(writers, positions));
  await corpus.finish();
  const fingerprint = hasher.digest();
  await offsets.overwriteStart(encodeHeader({ size, corpusBytes: corpus.position, fingerprint }));
  await offsets.finish();
  return { size, fingerprint: fingerprint.toString('hex') };
}

/**
 * Writes passages to `corpus.jsonl`, with the files that find them again by position and by id. Memory does not grow with the corpus.
 * A failure leaves none of the files.
 * @returns number of passages and their `fingerprintCorpus`
 * @throws DatasetError when an id occurs twice or there are no passages, and whatever `documents` throws.
 * @throws RetrieverError when the files cannot be written, such as on a full disk.
 */
export async function writeDocumentStore(
  options: WriteDocumentStoreOptions,
): Promise<{ size: number; fingerprint: string }> {
  const { directory, signal, _internal } = options;
  signal?.throwIfAborted();
  const paths = Object.values(documentFiles).map((name) => join(directory, name));
  const [corpusPath = '', offsetsPath = '', idsPath = ''] = paths;
  const opened: { close(): Promise<void> }[] = [];
  const keep = <T extends { close(): Promise<void> }>(writer: T): T => {
    opened.push(writer);
    return writer;
  };
  let done = false;
  try {
    const writers = {
      corpus: keep(await createByteWriter(corpusPath)),
      offsets: keep(await createByteWriter(offsetsPath)),
      ids: keep(await createIdTableWriter({ path: idsPath, hash: _internal?.hash })),
    };
    const written = await writeAll(writers, options);
    done = true;
    return written;
  } finally {
    for (const writer of opened) await writer.close();
    if (!done) for (const path of paths) await rm(path, { force: true }).catch(() => undefined);
  }
}
