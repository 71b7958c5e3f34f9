import { createByteWriter } from './bytes.js';
import { postingsPerBlock, readPostings, writePosting } from './posting-blocks.js';
import type { createFileWriter, RunRecord } from './posting-runs.js';

/**
 * Puts the postings that a term has in several runs together to one list: blocks of {@link postingsPerBlock}, followed, where
 * there is more than one, by a table with the last passage and the length of each block.
 */
export function createListWriter() {
  let documents = new Uint32Array(1 << 10);
  let frequencies = new Uint32Array(1 << 10);
  const table = createByteWriter();
  const joined = createByteWriter();
  const load = ({ count, postings: bytes }: RunRecord) => {
    if (count > documents.length) {
      documents = new Uint32Array(2 * count);
      frequencies = new Uint32Array(2 * count);
    }
    const limits = { size: 2 ** 31, largestFrequency: 2 ** 32 - 1 };
    readPostings({ bytes, count, previous: -1, ...limits, documents, frequencies, first: 0 });
  };
  return {
    /** One record of several of the same term. Valid until the next call. */
    join(records: readonly RunRecord[]): RunRecord {
      joined.clear();
      let previous = -1;
      let count = 0;
      for (const record of records) {
        load(record);
        for (let entry = 0; entry < record.count; entry++) {
          const document = documents[entry] as number;
          writePosting(joined, document, previous, frequencies[entry] as number);
          previous = document;
        }
        count += record.count;
      }
      return { term: (records[0] as RunRecord).term, count, postings: joined.view() };
    },
    /** Writes the list to a file. */
    write({
      records,
      file,
      norms,
    }: {
      records: readonly RunRecord[];
      file: ReturnType<typeof createFileWriter>;
      /** See `lengthNorms`. */
      norms: Float64Array;
    }) {
      const { bytes } = file;
      table.clear();
      let previous = -1;
      let count = 0;
      let bound = 0;
      let largestFrequency = 1;
      let blockStart = file.length;
      let tableLast = -1;
      const endBlock = () => {
        table.number(previous - tableLast);
        table.number(file.length - blockStart);
        tableLast = previous;
        file.flushPiece();
        blockStart = file.length;
      };
      for (const record of records) {
        load(record);
        for (let entry = 0; entry < record.count; entry++) {
          const document = documents[entry] as number;
          const frequency = frequencies[entry] as number;
          if (count > 0 && count % postingsPerBlock === 0) endBlock();
          writePosting(bytes, document, previous, frequency);
          previous = document;
          count++;
          const part = frequency / (frequency + (norms[document] as number));
          if (part > bound) bound = part;
          if (frequency > largestFrequency) largestFrequency = frequency;
        }
      }
      const hasTable = count > postingsPerBlock;
      if (hasTable) {
        endBlock();
        bytes.append(table.view());
      }
      file.flushPiece();
      return { count, bound, largestFrequency, tableBytes: hasTable ? table.length : 0 };
    },
  };
}
