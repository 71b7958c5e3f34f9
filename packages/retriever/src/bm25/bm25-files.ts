import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readUint32Array, writeTypedArray } from '../store/typed-array-file.js';
import type { Bm25Postings } from './bm25-index.js';

const termsSchema = z.array(z.string());

/** Writes the postings of an index as five files; weights are computed anew when it is opened. */
export async function writeBm25Files({ directory, postings }: { directory: string; postings: Bm25Postings }) {
  await writeFile(join(directory, 'terms.json'), JSON.stringify(postings.terms));
  await writeTypedArray(join(directory, 'offsets.u32'), postings.offsets);
  await writeTypedArray(join(directory, 'documents.u32'), postings.documents);
  await writeTypedArray(join(directory, 'frequencies.u32'), postings.frequencies);
  await writeTypedArray(join(directory, 'lengths.u32'), postings.lengths);
}

/** Reads what {@link writeBm25Files} wrote. @throws when a file is missing or its parts do not fit together. */
export async function readBm25Files({ directory }: { directory: string }): Promise<Bm25Postings> {
  const postings = {
    terms: termsSchema.parse(JSON.parse(await readFile(join(directory, 'terms.json'), 'utf8'))),
    offsets: await readUint32Array(join(directory, 'offsets.u32')),
    documents: await readUint32Array(join(directory, 'documents.u32')),
    frequencies: await readUint32Array(join(directory, 'frequencies.u32')),
    lengths: await readUint32Array(join(directory, 'lengths.u32')),
  };
  const { terms, offsets, documents, frequencies } = postings;
  if (
    offsets.length !== terms.length + 1 ||
    offsets.at(-1) !== documents.length ||
    frequencies.length !== documents.length
  ) {
    throw new RangeError('the parts of the BM25 index do not fit together');
  }
  return postings;
}
