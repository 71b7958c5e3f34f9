import { ConfigError, DatasetError, type RetrievedDocument, RetrieverError } from '@dgpo/trajectory';
import { requireTopK } from '../require-top-k.js';
import type { Retriever } from '../retriever.js';
import { type AnswerRecord, answerKey, documentsOf, readAnswers } from './answer-file.js';

export interface ReplayRetrieverOptions {
  /** A file that {@link createRecordingRetriever} wrote. */
  path: string;
  /**
   * Whose answers, when the file holds those of several.
   * @default the only one there is
   */
  source?: string;
  /** Asked for what is not recorded. @default an error that names the query */
  fallback?: Retriever;
  /**
   * Gets notices.
   * @default console.warn
   */
  logger?: (message: string) => void;
}

/**
 * Answers from a record, which is held in memory: the same training again, without the network.
 * @throws DatasetError when the file is missing, empty or damaged; ConfigError when it does not have the answers of `source`, or those
 * of several and none is named. `retrieve` throws RetrieverError for a query that was not recorded and ConfigError for a bad `topK`.
 */
export async function createReplayRetriever({
  path,
  source: given,
  fallback,
  logger = console.warn,
}: ReplayRetrieverOptions): Promise<Retriever> {
  const answers = new Map<string, AnswerRecord>();
  for await (const record of readAnswers(path, logger)) answers.set(record.key, record);
  const sources = [...new Set([...answers.values()].map(({ source }) => source))];
  if (sources.length === 0) throw new DatasetError('there are no recorded answers here', { where: path });
  if (given === undefined && sources.length > 1) {
    throw new ConfigError(`there are answers of several sources, name one of: ${sources.join(', ')}`, { where: path });
  }
  if (given !== undefined && !sources.includes(given)) {
    throw new ConfigError(`there are no answers of ${given}, only of: ${sources.join(', ')}`, { where: path });
  }
  const source = given ?? sources[0] ?? '';

  return {
    async retrieve({ queries, topK, signal }) {
      requireTopK(topK);
      signal?.throwIfAborted();
      const found = queries.map((query) => answers.get(answerKey({ source, query, topK })));
      const missing = queries.filter((_, index) => found[index] === undefined);
      let others: RetrievedDocument[][] = [];
      if (missing.length > 0) {
        if (fallback === undefined) {
          throw new RetrieverError(
            `this query was not recorded for topK ${topK}: ${JSON.stringify(missing[0])}; record it, or give a fallback`,
            { where: path },
          );
        }
        others = await fallback.retrieve({ queries: missing, topK, ...(signal && { signal }) });
      }
      let next = 0;
      return found.map((record) => (record === undefined ? (others[next++] ?? []) : documentsOf(record)));
    },
  };
}
