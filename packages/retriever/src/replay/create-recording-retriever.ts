import { type JsonLinesWriter, openJsonLinesWriter, RetrieverError } from '@dgpo/trajectory';
import { requireTopK } from '../require-top-k.js';
import type { Retriever } from '../retriever.js';
import {
  type AnswerRecord,
  answerKey,
  documentsOf,
  type NamedRetriever,
  readAnswers,
  sourceOf,
} from './answer-file.js';

export interface RecordingRetrieverOptions {
  /** The one that answers. */
  retriever: NamedRetriever;
  /** JSONL file that the answers are added to. One process at a time may write it. */
  path: string;
  /**
   * What the answers come from, part of their key.
   * @default the fingerprint of the retriever's index, or its URL
   */
  source?: string;
  /**
   * Ask each query once: repeated ones, those on the way and those of the file are answered from the record.
   * @default false
   */
  cache?: boolean;
  /**
   * Gets notices.
   * @default console.warn
   */
  logger?: (message: string) => void;
}

export interface RecordingRetriever extends Retriever {
  /** Flushes the file to disk and closes it; afterwards nothing can be retrieved. */
  close(): Promise<void>;
}

/** Waits for all of them, whatever becomes of them, or until the signal is aborted. */
function settled(work: readonly Promise<unknown>[], signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
    Promise.allSettled(work).then(() => {
      signal?.removeEventListener('abort', abort);
      resolve();
    });
  });
}

/**
 * Passes queries on and adds every answer to a file, once for each query and `topK`, before it is given back;
 * {@link createReplayRetriever} answers from that file. What was written survives a crash of the process.
 * @throws ConfigError when neither the retriever nor `source` says what is searched; DatasetError when the file is damaged or cannot
 * be written, later too. `retrieve` throws what the retriever throws.
 */
export async function createRecordingRetriever({
  retriever,
  path,
  source: given,
  cache = false,
  logger = console.warn,
}: RecordingRetrieverOptions): Promise<RecordingRetriever> {
  const source = sourceOf(retriever, given);
  const known = new Map<string, Pick<AnswerRecord, 'documents'> | null>();
  // Without a cache only the keys are kept.
  for await (const record of readAnswers(path, logger)) known.set(record.key, cache ? record : null);
  const writer: JsonLinesWriter = await openJsonLinesWriter({ path, append: true });
  const onTheWay = new Map<string, Promise<void>>();

  async function ask(queries: readonly string[], topK: number, signal: AbortSignal | undefined) {
    const lists = await retriever.retrieve({ queries, topK, ...(signal && { signal }) });
    if (lists.length !== queries.length) {
      throw new RetrieverError(`${lists.length} lists for ${queries.length} queries`, { where: source });
    }
    const writes = lists.map((documents, index) => {
      const query = queries[index] ?? '';
      const key = answerKey({ source, query, topK });
      if (known.has(key)) return undefined;
      const record: AnswerRecord = { key, source, query, topK, documents: documentsOf({ documents }) };
      known.set(key, cache ? record : null);
      return writer.write(record).catch((error: unknown) => {
        known.delete(key);
        throw error;
      });
    });
    await Promise.all(writes);
    return lists;
  }

  /** The answers of all queries, each asked by one call at a time. */
  async function askOnce(queries: readonly string[], topK: number, signal: AbortSignal | undefined) {
    const keys = queries.map((query) => answerKey({ source, query, topK }));
    for (;;) {
      signal?.throwIfAborted();
      const missing = new Map(keys.flatMap((key, index) => (known.get(key) ? [] : [[key, queries[index] ?? '']])));
      const others = [...missing.keys()].flatMap((key) => onTheWay.get(key) ?? []);
      const own = [...missing].filter(([key]) => !onTheWay.has(key));
      if (own.length > 0) {
        const work = ask(
          own.map(([, query]) => query),
          topK,
          signal,
        ).then(() => undefined);
        for (const [key] of own) onTheWay.set(key, work);
        try {
          await work;
        } finally {
          for (const [key] of own) onTheWay.delete(key);
        }
      }
      // One that another call asked for in vain (it may have been called off) is asked again.
      if (others.length > 0) await settled(others, signal);
      const answers = keys.map((key) => known.get(key) ?? undefined);
      if (!answers.includes(undefined)) return answers.map((answer) => documentsOf(answer ?? { documents: [] }));
    }
  }

  return {
    async retrieve({ queries, topK, signal }) {
      requireTopK(topK);
      return cache ? askOnce(queries, topK, signal) : ask(queries, topK, signal);
    },
    close: () => writer.close(),
  };
}
