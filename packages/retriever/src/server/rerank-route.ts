import { formatPassage } from '../rerank/format-passage.js';
import type { Reranker } from '../rerank/reranker.js';
import { type BatchQueue, createBatchQueue } from './batch-queue.js';
import { RequestError } from './request-error.js';
import { parseRequest, rerankRequestSchema } from './request-schemas.js';
import { requireAllowedTopK, requireTexts, type ServerLimits } from './server-limits.js';

interface RerankInput {
  query: string;
  texts: readonly string[];
}

/** One request after the other: cross-encoders use the whole processor already. */
export const createRerankQueue = (reranker: Reranker): BatchQueue<RerankInput, number[]> =>
  createBatchQueue<RerankInput, number[]>({
    maxBatch: 1,
    wait: 0,
    async answer({ inputs, signal }) {
      const answers: number[][] = [];
      for (const { query, texts } of inputs) {
        signal.throwIfAborted();
        const scores = texts.length === 0 ? [] : await reranker.scores({ query, texts, signal });
        if (scores.length !== texts.length) throw new Error(`${texts.length} documents got ${scores.length} scores`);
        answers.push(scores);
      }
      return answers;
    },
  });

/**
 * Answers the body of a `/rerank` request in the shape of Search-R1's reranking server: for each query the `rerank_topk` best of its
 * own documents, best first, in given order among equals. Documents come back as they were given.
 * @throws RequestError for a request that does not fit.
 */
export async function answerRerank({
  body,
  queue,
  format = formatPassage,
  topK,
  limits,
  signal,
}: {
  body: string;
  queue: BatchQueue<RerankInput, number[]>;
  /** What the reranker makes of a passage's contents. */
  format?: Reranker['format'];
  /** When the request does not say. */
  topK: number;
  limits: Required<ServerLimits>;
  signal: AbortSignal;
}): Promise<{ result: unknown[][] }> {
  const request = parseRequest(rerankRequestSchema, body);
  const { queries, documents, return_scores: returnScores } = request;
  const kept = request.rerank_topk ?? topK;
  requireTexts({ field: 'queries', texts: queries, limits });
  requireAllowedTopK({ field: 'rerank_topk', topK: kept, maxTopK: limits.maxTopK });
  if (documents.length !== queries.length) {
    throw new RequestError(400, `documents: ${documents.length} lists for ${queries.length} queries`);
  }
  const pairs = documents.reduce((sum, list) => sum + list.length, 0);
  if (pairs > limits.maxPairs) {
    const message = `documents: ${pairs} are more than the ${limits.maxPairs} this server takes at once; send smaller batches`;
    throw new RequestError(413, message);
  }
  if (queries.length === 0) return { result: [] };
  const inputs = queries.map((query, position) => ({
    query,
    texts: (documents[position] ?? []).map(({ contents }) => format(contents)),
  }));
  const scores = await queue.submit({ inputs, group: '', signal });
  return {
    result: documents.map((list, position) => {
      const scored = list.map((document, place) => ({ document, score: scores[position]?.[place] ?? 0 }));
      const best = scored.sort((one, other) => other.score - one.score).slice(0, kept);
      return returnScores ? best : best.map(({ document }) => document);
    }),
  };
}
