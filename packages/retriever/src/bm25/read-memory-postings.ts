import { type FileBytes, type IndexHeader, readAhead } from './index-files.js';
import type { MemoryPostings } from './memory-index.js';
import { readPostings } from './posting-blocks.js';
import { createFrequencies } from './score-postings.js';
import { readTerms, type TermGroup } from './term-dictionary.js';

/** Decodes all postings of an index on disk into memory. @throws RangeError where its files do not fit together. */
export async function readMemoryPostings({
  header,
  groups,
  lengths,
  terms: termFile,
  postings: postingFile,
}: {
  header: IndexHeader;
  groups: readonly TermGroup[];
  lengths: Uint32Array;
  terms: FileBytes;
  postings: FileBytes;
}): Promise<MemoryPostings> {
  const { largestFrequency, bytes } = header;
  const size = lengths.length;
  const limits = { size, postingsBytes: bytes.postings };
  const nextTerms = readAhead(termFile, bytes.terms);
  const nextPostings = readAhead(postingFile, bytes.postings);
  const documents = new Uint32Array(header.postings);
  const frequencies = createFrequencies(header.postings, largestFrequency);
  // Positions go beyond 2^32 before they go beyond memory.
  const offsets = new Float64Array(header.terms + 1);
  const terms: string[] = [];
  let first = 0;
  for (const group of groups) {
    for (const record of readTerms(await nextTerms(group.offset, group.bytes), limits)) {
      const { term, count, offset } = record;
      if (terms.length === header.terms || first + count > header.postings) {
        throw new RangeError('the dictionary holds more than the header says');
      }
      const list = (await nextPostings(offset, record.bytes)).subarray(0, record.bytes - record.tableBytes);
      readPostings({ bytes: list, count, previous: -1, size, largestFrequency, documents, frequencies, first });
      terms.push(term);
      first += count;
      offsets[terms.length] = first;
    }
  }
  if (terms.length !== header.terms || first !== header.postings) {
    throw new RangeError('the dictionary holds less than the header says');
  }
  return { terms, offsets, documents, frequencies, lengths };
}
