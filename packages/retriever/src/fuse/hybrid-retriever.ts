import { ConfigError, type RetrievedDocument } from '@dgpo/trajectory';
import { requireTopK } from '../require-top-k.js';
import type { Retriever } from '../retriever.js';
import type { Match } from '../top-k.js';
import { type FusionSettings, fuseRankings, resolveFusion } from './fuse-rankings.js';

export interface HybridRetrieverOptions extends FusionSettings {
  /** Two or more, such as BM25 and a vector index of the same corpus; they agree on the ids of documents. */
  retrievers: readonly Retriever[];
  /**
   * Passages asked of each retriever for a query (at least `topK` always).
   * @default 100
   */
  depth?: number;
}

/** Numbers the documents of one query by id, in the order in which the rankings name them. */
function joinById(lists: readonly (readonly RetrievedDocument[])[]) {
  const indices = new Map<string, number>();
  const documents: RetrievedDocument['document'][] = [];
  const rankings = lists.map((list) =>
    list.map(({ document, score }): Match => {
      let index = indices.get(document.id);
      if (index === undefined) {
        index = documents.push(document) - 1;
        indices.set(document.id, index);
      }
      return { index, score };
    }),
  );
  return { rankings, documents };
}

/**
 * Asks several retrievers at once and fuses their rankings by reciprocal rank ({@link fuseRankings}). The score is the fused one;
 * equal scores keep the order of the retrievers. When one retriever fails, so does the answer, with its error.
 * @throws ConfigError for fewer than one retriever and settings outside their range.
 */
export function createHybridRetriever({ retrievers, depth = 100, ...fusion }: HybridRetrieverOptions): Retriever {
  if (retrievers.length === 0) throw new ConfigError('a hybrid retriever needs at least one retriever');
  if (!Number.isInteger(depth) || depth < 1) {
    throw new ConfigError(`depth must be an integer of at least 1, not ${depth}`);
  }
  const settings = resolveFusion(fusion, retrievers.length);
  return {
    async retrieve(options) {
      const { queries, topK } = options;
      requireTopK(topK);
      const asked = { ...options, topK: Math.max(topK, depth) };
      const answers = await Promise.all(retrievers.map((retriever) => retriever.retrieve(asked)));
      return queries.map((_, query) => {
        const { rankings, documents } = joinById(answers.map((lists) => lists[query] ?? []));
        return fuseRankings({ rankings, topK, ...settings }).map(({ index, score }) => ({
          document: documents[index] as RetrievedDocument['document'],
          score,
        }));
      });
    },
  };
}
