import { requireTopK } from '../require-top-k.js';
import type { Match } from '../top-k.js';
import { lengthNorms } from './bm25-settings.js';
import { createByteCache } from './byte-cache.js';
import { createByteReader } from './bytes.js';
import type { FileBytes, IndexHeader } from './index-files.js';
import { countWords, weighTerm } from './lexical-index.js';
import { postingsPerBlock, readPostings } from './posting-blocks.js';
import { createFrequencies, createSearchMemory, type Postings } from './score-postings.js';
import { type PostingsRequest, type QueryTerm, searchTerms, type TermSummary } from './search-terms.js';
import { readTerms, type TermGroup, type TermRecord } from './term-dictionary.js';

interface DiskTerm extends TermSummary {
  /** First byte of the postings. */
  offset: number;
  /** `[blocks + 1]` where the blocks begin and the last one ends, from there on. */
  blockStarts: readonly number[];
}

/** What a term and a block take in the cache beside their arrays, about. */
const overheadBytes = 300;

/** The last group whose first term is not behind `term`. */
function groupOf(groups: readonly TermGroup[], term: string): TermGroup | undefined {
  let low = 0;
  let high = groups.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((groups[middle] as TermGroup).first <= term) low = middle + 1;
    else high = middle;
  }
  return groups[low - 1];
}

function readTable(record: TermRecord, table: Uint8Array, size: number): DiskTerm {
  const reader = createByteReader(table);
  const blocks = Math.ceil(record.count / postingsPerBlock);
  const lastDocuments = new Uint32Array(blocks);
  const blockStarts = [0];
  let last = -1;
  for (let block = 0; block < blocks; block++) {
    last += reader.number();
    if (last >= size) throw new RangeError('the table of a posting list names passages that are not there');
    lastDocuments[block] = last;
    blockStarts.push((blockStarts[block] as number) + reader.number());
  }
  if (reader.left > 0 || blockStarts[blocks] !== record.bytes - record.tableBytes) {
    throw new RangeError('the table of a posting list does not fit its list');
  }
  const { count, bound, offset } = record;
  return { count, bound, offset, lastDocuments, blockStarts };
}

/** Answers queries from postings on disk; only what is needed is read, and what was used last is kept. */
export function createDiskSearch({
  header,
  groups,
  lengths,
  terms,
  postings,
  cacheBytes,
}: {
  header: IndexHeader;
  groups: readonly TermGroup[];
  lengths: Uint32Array;
  terms: FileBytes;
  postings: FileBytes;
  cacheBytes: number;
}) {
  const { settings, largestFrequency } = header;
  const size = lengths.length;
  const memory = createSearchMemory(lengthNorms({ lengths, ...settings }));
  const cache = createByteCache<Postings>({ capacity: cacheBytes });
  const termCache = createByteCache<DiskTerm>({ capacity: cacheBytes / 8 });

  const findTerm = async (word: string): Promise<DiskTerm | undefined> => {
    const known = termCache.get(word);
    if (known !== undefined) return known;
    const group = groupOf(groups, word);
    if (group === undefined) return undefined;
    const limits = { size, postingsBytes: header.bytes.postings };
    const record = readTerms(await terms.read(group.offset, group.bytes), limits).find(({ term }) => term === word);
    if (record === undefined) return undefined;
    const { count, bound, offset, bytes, tableBytes } = record;
    const term =
      tableBytes === 0
        ? { count, bound, offset, lastDocuments: Uint32Array.of(size - 1), blockStarts: [0, bytes] }
        : readTable(record, await postings.read(offset + bytes - tableBytes, tableBytes), size);
    termCache.set(word, term, 12 * term.blockStarts.length + overheadBytes);
    return term;
  };

  const decode = (term: DiskTerm, block: number, bytes: Uint8Array): Postings => {
    const count = Math.min(postingsPerBlock, term.count - block * postingsPerBlock);
    const documents = new Uint32Array(count);
    const frequencies = createFrequencies(count, largestFrequency);
    const previous = block === 0 ? -1 : (term.lastDocuments[block - 1] as number);
    readPostings({ bytes, count, previous, size, largestFrequency, documents, frequencies, first: 0 });
    return { documents, frequencies, start: 0, end: count };
  };

  const readBlocks = async ({ term, blocks }: PostingsRequest<DiskTerm>): Promise<Postings[]> => {
    const keyOf = (block: number) => `${term.offset}:${block}`;
    const found = blocks.map((block) => cache.get(keyOf(block)));
    for (let first = 0; first < blocks.length; first++) {
      if (found[first] !== undefined) continue;
      // Blocks that lie side by side are read at once.
      let last = first;
      while (found[last + 1] === undefined && blocks[last + 1] === (blocks[last] as number) + 1) last++;
      const start = term.blockStarts[blocks[first] as number] as number;
      const end = term.blockStarts[(blocks[last] as number) + 1] as number;
      const bytes = await postings.read(term.offset + start, end - start);
      for (let item = first; item <= last; item++) {
        const block = blocks[item] as number;
        const from = (term.blockStarts[block] as number) - start;
        const to = (term.blockStarts[block + 1] as number) - start;
        const decoded = decode(term, block, bytes.subarray(from, to));
        found[item] = decoded;
        cache.set(keyOf(block), decoded, decoded.documents.byteLength + decoded.frequencies.byteLength + overheadBytes);
      }
      first = last;
    }
    return found as Postings[];
  };

  const search = async (query: string, topK: number): Promise<Match[]> => {
    const queryTerms: QueryTerm<DiskTerm>[] = [];
    for (const [word, occurrences] of countWords(query)) {
      const term = await findTerm(word);
      if (term !== undefined) queryTerms.push(weighTerm({ term, occurrences, size, idf: settings.idf }));
    }
    const steps = searchTerms({ memory, terms: queryTerms, topK });
    try {
      let step = steps.next();
      while (!step.done) step = steps.next(await readBlocks(step.value));
      return step.value;
    } finally {
      // After a failure this clears the memory of the search.
      steps.return([]);
    }
  };

  let turn: Promise<unknown> = Promise.resolve();
  return {
    /** One query after the other, since they share the memory of a search. */
    search({ queries, topK }: { queries: readonly string[]; topK: number }): Promise<Match[][]> {
      requireTopK(topK);
      const answer = turn.then(async () => {
        const answers: Match[][] = [];
        for (const query of queries) answers.push(await search(query, Math.min(topK, Math.max(size, 1))));
        return answers;
      });
      turn = answer.catch(() => undefined);
      return answer;
    },
    /** Waits for the searches that have begun, then forgets what was read. */
    async close(): Promise<void> {
      await turn;
      cache.clear();
      termCache.clear();
    },
  };
}
