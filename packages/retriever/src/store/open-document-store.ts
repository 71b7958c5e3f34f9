import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { RetrieverError } from '@dgpo/trajectory';
import type { Document } from '../retriever.js';
import { createDocumentCache } from './document-cache.js';
import { type DocumentHeader, decodeHeader, documentFiles, headerBytes, offsetBytes } from './document-files.js';
import { readDocuments } from './document-reader.js';
import type { DocumentStore } from './document-store.js';
import { entryBytes, type HashId } from './id-table.js';
import { findCandidates } from './id-table-reader.js';
import { type IndexFile, readExactly } from './read-exactly.js';
import { damaged, noSuchPosition, storeError } from './store-error.js';

export interface OpenDocumentStoreOptions {
  /** Where `writeDocumentStore` wrote. */
  directory: string;
  /** Test seam. */
  _internal?: { hash: HashId };
}

type Files = Record<keyof typeof documentFiles, IndexFile>;

const cachedLetters = 1 << 22;
const idsAtOnce = 64;
const documentsAtOnce = 256;

async function openFile(path: string): Promise<IndexFile> {
  try {
    const file = await open(path, 'r');
    return { path, file, size: (await file.stat()).size };
  } catch (cause) {
    throw storeError(path, 'read', cause);
  }
}

/** Checks that the three files fit together, before anything relies on their sizes. */
async function readHeader({ corpus, offsets, ids }: Files): Promise<DocumentHeader> {
  const header = decodeHeader(await readExactly(offsets, 0, headerBytes));
  if (header === undefined) throw damaged(offsets.path, 'it does not begin as such a file does');
  const { size, corpusBytes } = header;
  if (offsets.size !== headerBytes + (size + 1) * offsetBytes) {
    throw damaged(offsets.path, `${offsets.size} bytes do not hold the offsets of ${size} passages`);
  }
  if (corpus.size !== corpusBytes) throw damaged(corpus.path, `${corpus.size} bytes instead of ${corpusBytes}`);
  if (ids.size !== size * entryBytes) throw damaged(ids.path, `${ids.size} bytes do not hold ${size} ids`);
  return header;
}

/**
 * Opens what `writeDocumentStore` wrote. Passages stay on disk: memory holds three file handles and some passages used last.
 * @throws RetrieverError when a file is missing or the files do not fit together; reading finds damage inside them.
 */
export async function openDocumentStore(options: OpenDocumentStoreOptions): Promise<DocumentStore> {
  const { directory, _internal } = options;
  const opened: IndexFile[] = [];
  const openNamed = async (name: string) => {
    const file = await openFile(join(directory, name));
    opened.push(file);
    return file;
  };
  let closed = false;
  const close = async () => {
    closed = true;
    for (const { file } of opened.splice(0)) await file.close();
  };

  let files: Files;
  let header: DocumentHeader;
  try {
    files = {
      corpus: await openNamed(documentFiles.corpus),
      offsets: await openNamed(documentFiles.offsets),
      ids: await openNamed(documentFiles.ids),
    };
    header = await readHeader(files);
  } catch (cause) {
    await close();
    throw cause;
  }
  const { size } = header;
  const cache = createDocumentCache(cachedLetters);
  const requireOpen = () => {
    if (closed) throw new RetrieverError('this document store is closed', { where: directory });
  };

  const get = async (positions: readonly number[]): Promise<Document[]> => {
    requireOpen();
    const found = new Map<number, Document>();
    const missing = new Set<number>();
    for (const position of positions) {
      if (!Number.isInteger(position) || position < 0 || position >= size) throw noSuchPosition(position, size);
      const document = cache.get(position);
      if (document === undefined) missing.add(position);
      else found.set(position, document);
    }
    const sorted = [...missing].sort((left, right) => left - right);
    for (const [index, document] of (await readDocuments(files, sorted)).entries()) {
      const position = sorted[index] ?? 0;
      cache.set(position, document);
      found.set(position, document);
    }
    return positions.map((position) => {
      const document = found.get(position);
      if (document === undefined) throw noSuchPosition(position, size);
      // The cache keeps its own.
      return { ...document };
    });
  };

  const findOne = async (id: string): Promise<number | undefined> => {
    const candidates = await findCandidates({ table: files.ids, size, hash: _internal?.hash }, id);
    const documents = await get(candidates);
    return candidates[documents.findIndex((document) => document.id === id)];
  };

  return {
    size,
    fingerprint: header.fingerprint.toString('hex'),
    get,
    async find(ids) {
      requireOpen();
      const positions: (number | undefined)[] = [];
      for (let start = 0; start < ids.length; start += idsAtOnce) {
        positions.push(...(await Promise.all(ids.slice(start, start + idsAtOnce).map(findOne))));
      }
      return positions;
    },
    async *documents() {
      for (let start = 0; start < size; start += documentsAtOnce) {
        requireOpen();
        const length = Math.min(documentsAtOnce, size - start);
        yield* await readDocuments(
          files,
          Array.from({ length }, (_, index) => start + index),
        );
      }
    },
    close,
  };
}
