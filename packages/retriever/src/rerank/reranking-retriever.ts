import type { RetrievedDocument } from '@dgpo/trajectory';
import { RetrieverError } from '@dgpo/trajectory';
import { requireInteger } from '../require-integer.js';
import { requireTopK } from '../require-top-k.js';
import type { Retriever } from '../retriever.js';
import { formatPassage } from './format-passage.js';
import type { Reranker } from './reranker.js';

export interface RerankingRetrieverOptions {
  /** Finds the candidates. */
  retriever: Retriever;
  /** Puts them in order. */
  reranker: Reranker;
  /**
   * Candidates of each query; at least `topK` always.
   * @default 50
   */
  candidates?: number;
}

/**
 * A retriever that lets another find candidates, and gives back those that the reranker puts first, with the reranker's scores. Equal scores
 * keep the order of the candidates.
 * @throws ConfigError for `candidates` below 1. `retrieve` throws RetrieverError when the reranker gives something else than one finite
 * score for each candidate.
 */
export function createRerankingRetriever({
  retriever,
  reranker,
  candidates = 50,
}: RerankingRetrieverOptions): Retriever {
  requireInteger('candidates', candidates, 1);
  const format = reranker.format ?? formatPassage;

  async function rerank(query: string, found: readonly RetrievedDocument[], signal: AbortSignal | undefined) {
    if (found.length === 0) return [];
    const texts = found.map(({ document }) => format(document.contents));
    const scores = await reranker.scores({ query, texts, ...(signal && { signal }) });
    if (scores.length !== texts.length || !scores.every(Number.isFinite)) {
      throw new RetrieverError(`the reranker did not give one finite score for each of ${texts.length} passages`);
    }
    return found
      .map(({ document }, position) => ({ document, score: scores[position] ?? 0 }))
      .sort((left, right) => right.score - left.score);
  }

  return {
    async retrieve({ queries, topK, signal }) {
      requireTopK(topK);
      const lists = await retriever.retrieve({
        queries,
        topK: Math.max(topK, candidates),
        ...(signal && { signal }),
      });
      const answers: RetrievedDocument[][] = [];
      for (const [position, query] of queries.entries()) {
        signal?.throwIfAborted();
        answers.push((await rerank(query, lists[position] ?? [], signal)).slice(0, topK));
      }
      return answers;
    },
  };
}
