import { setImmediate } from 'node:timers/promises';
import type { RetrievedDocument } from '@dgpo/trajectory';
import { requireTopK } from './require-top-k.js';
import type { Document, RetrieveOptions } from './retriever.js';
import type { DocumentStore } from './store/document-store.js';
import type { Match } from './top-k.js';

/** How many queries are searched before other work of the process (a health check, a time limit) gets its turn. */
const queriesPerTurn = 64;

/**
 * Runs `search` over slices of the queries and looks the passages up, giving way to other work in between.
 * @throws ConfigError for a bad `topK`; the signal's reason when it is aborted.
 */
export async function answerQueries({
  queries,
  topK,
  signal,
  store,
  search,
}: RetrieveOptions & {
  store: DocumentStore;
  search: (queries: readonly string[]) => Match[][] | Promise<Match[][]>;
}): Promise<RetrievedDocument[][]> {
  requireTopK(topK);
  signal?.throwIfAborted();
  const answers: RetrievedDocument[][] = [];
  for (let start = 0; start < queries.length; start += queriesPerTurn) {
    if (start > 0) {
      await setImmediate();
      signal?.throwIfAborted();
    }
    const found = await search(queries.slice(start, start + queriesPerTurn));
    const passages = (await store.get(found.flatMap((matches) => matches.map(({ index }) => index)))).values();
    for (const matches of found) {
      answers.push(
        matches.map(({ score }) => {
          const { id, contents } = passages.next().value as Document;
          return { document: { id, contents }, score };
        }),
      );
    }
  }
  return answers;
}
