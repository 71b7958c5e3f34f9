import type { RetrievedDocument } from '@dgpo/trajectory';
import type { Retriever } from '../retriever.js';
import type { RankedDocument } from './evaluate-run.js';

/** How many queries are asked at once; only what is needed of their passages is kept. */
const queriesPerRequest = 64;

/** Asks the queries in groups, in order, and yields each with what was found. */
export async function* retrieveEach<Query extends { text: string }>({
  retriever,
  queries,
  topK,
  signal,
}: {
  retriever: Retriever;
  queries: readonly Query[];
  topK: number;
  signal?: AbortSignal;
}): AsyncGenerator<{ query: Query; found: RetrievedDocument[] }> {
  for (let start = 0; start < queries.length; start += queriesPerRequest) {
    signal?.throwIfAborted();
    const group = queries.slice(start, start + queriesPerRequest);
    const texts = group.map(({ text }) => text);
    const answers = await retriever.retrieve({ queries: texts, topK, ...(signal && { signal }) });
    for (const [position, query] of group.entries()) yield { query, found: answers[position] ?? [] };
  }
}

export interface RetrieveRunOptions {
  retriever: Retriever;
  queries: readonly { id: string; text: string }[];
  /** Passages for each query. */
  topK: number;
  signal?: AbortSignal;
}

/** Asks every query as it stands and keeps the ids and scores of what was found: a run for `evaluateRun` and `writeTrecRun`. */
export async function retrieveRun(options: RetrieveRunOptions): Promise<Map<string, RankedDocument[]>> {
  const run = new Map<string, RankedDocument[]>();
  for await (const { query, found } of retrieveEach(options)) run.set(query.id, toRanking(found));
  return run;
}

/**
 * The ranking of a retriever's answer, each document once. A retriever whose scores rise or are all equal (it has none to give) is
 * taken at its order: the scores are then counted down.
 */
export function toRanking(found: readonly RetrievedDocument[]): RankedDocument[] {
  const ids = new Set<string>();
  const distinct = found.filter(({ document: { id } }) => !ids.has(id) && ids.add(id));
  const rises = distinct.some(({ score }, rank) => !(score <= (distinct[rank - 1]?.score ?? Number.POSITIVE_INFINITY)));
  const ranked = !rises && distinct[0]?.score !== distinct.at(-1)?.score;
  return distinct.map(({ document, score }, rank) => ({
    id: document.id,
    score: ranked || distinct.length === 1 ? score : distinct.length - rank,
  }));
}
