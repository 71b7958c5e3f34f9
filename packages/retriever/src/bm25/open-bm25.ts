import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError, isDgpoError, RetrieverError } from '@dgpo/trajectory';
import { createByteReader } from './bytes.js';
import { createDiskSearch } from './disk-index.js';
import { type FileBytes, fileNames, headerSchema, type IndexHeader, openFileBytes } from './index-files.js';
import type { LexicalIndex } from './lexical-index.js';
import { createMemorySearch } from './memory-index.js';
import { readMemoryPostings } from './read-memory-postings.js';
import { readTermGroups } from './term-dictionary.js';

export interface OpenBm25Options {
  /** Where `createBm25Writer` wrote the index. */
  directory: string;
  /**
   * Where the postings are: `memory` decodes all of them when the index is opened, `disk` reads those of the words that are asked
   * for and keeps what was used last. Either gives the same answers to the last bit. `auto` takes memory where the index needs at most
   * `memoryBytes`, disk otherwise.
   * @default 'auto'
   */
  residence?: 'memory' | 'disk' | 'auto';
  /**
   * For `auto`: the most memory the decoded index may take, estimated as 8 bytes a posting, 150 a word and 26 a passage.
   * @default 1073741824
   */
  memoryBytes?: number;
  /**
   * For `disk`: the most memory that postings read before may take, beside 26 bytes a passage and the first of every 64 words.
   * @default 67108864
   */
  cacheBytes?: number;
}

const residences = ['memory', 'disk', 'auto'];

const memoryNeeded = ({ documents, terms, postings, largestFrequency }: IndexHeader) =>
  (largestFrequency < 256 ? 8 : 11) * postings + 150 * terms + 26 * documents;

const reasonOf = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause));

function damaged(directory: string, cause: unknown): unknown {
  if (isDgpoError(cause)) return cause;
  const message = `the BM25 index cannot be read (${reasonOf(cause)}); build the index anew`;
  return new RetrieverError(message, { where: directory, cause });
}

async function readWhole(path: string, bytes: number): Promise<Uint8Array> {
  const file = await openFileBytes({ path, bytes });
  try {
    return await file.read(0, bytes);
  } finally {
    await file.close();
  }
}

function readLengths(bytes: Uint8Array, documents: number): Uint32Array {
  const reader = createByteReader(bytes);
  const lengths = new Uint32Array(documents);
  for (let position = 0; position < documents; position++) {
    const length = reader.number();
    if (length >= 2 ** 32) throw new RangeError('the length of a passage is too large');
    lengths[position] = length;
  }
  if (reader.left > 0) throw new RangeError('there are more lengths than passages');
  return lengths;
}

async function openParts(directory: string) {
  const path = (name: keyof typeof fileNames) => join(directory, fileNames[name]);
  const parsed = headerSchema.safeParse(JSON.parse(await readFile(path('header'), 'utf8')));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new RangeError(`${fileNames.header}: ${issue?.path.join('.')}: ${issue?.message}`);
  }
  const header = parsed.data;
  const lengths = readLengths(await readWhole(path('lengths'), header.bytes.lengths), header.documents);
  const groups = readTermGroups(await readWhole(path('termIndex'), header.bytes.termIndex), header.bytes.terms);
  const terms = await openFileBytes({ path: path('terms'), bytes: header.bytes.terms });
  let postings: FileBytes;
  try {
    postings = await openFileBytes({ path: path('postings'), bytes: header.bytes.postings });
  } catch (cause) {
    await terms.close();
    throw cause;
  }
  const close = async () => {
    await terms.close();
    await postings.close();
  };
  return { header, lengths, groups, terms, postings, close };
}

/**
 * Opens a BM25 index that {@link createBm25Writer} wrote, with the settings it was written with.
 * @throws RetrieverError when there is none, or its files are damaged or do not fit together.
 */
export async function openBm25({
  directory,
  residence = 'auto',
  memoryBytes = 1 << 30,
  cacheBytes = 1 << 26,
}: OpenBm25Options): Promise<LexicalIndex> {
  if (!residences.includes(residence)) {
    throw new ConfigError(`residence must be memory, disk or auto, not ${JSON.stringify(residence)}`);
  }
  const parts = await openParts(directory).catch((cause: unknown) => {
    throw damaged(directory, cause);
  });
  const { header } = parts;
  const { settings } = header;
  const shape = { size: header.documents, settings };
  if (residence === 'disk' || (residence === 'auto' && memoryNeeded(header) > memoryBytes)) {
    const disk = createDiskSearch({ ...parts, cacheBytes });
    return {
      ...shape,
      async search(options) {
        try {
          return await disk.search(options);
        } catch (cause) {
          throw damaged(directory, cause);
        }
      },
      async close() {
        await disk.close();
        await parts.close();
      },
    };
  }
  try {
    const search = createMemorySearch({ postings: await readMemoryPostings(parts), settings });
    return {
      ...shape,
      search: ({ queries, topK }) => queries.map((query) => search({ query, topK })),
      close: async () => undefined,
    };
  } catch (cause) {
    throw damaged(directory, cause);
  } finally {
    await parts.close();
  }
}
