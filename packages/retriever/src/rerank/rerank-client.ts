import { ConfigError, RetrieverError } from '@dgpo/trajectory';
import { createPost, type PostOptions, resolveRoute } from '../http/post-json.js';
import { requireInteger } from '../require-integer.js';
import { parseScores } from './rerank-reply.js';
import type { Reranker } from './reranker.js';

export interface RerankClientOptions extends PostOptions {
  /** The server, with or without `/rerank` at the end: `http://127.0.0.1:6980`. */
  url: string;
  /**
   * What it speaks: `dgpo` is Search-R1's `/rerank` and this package's server, `tei` Text Embeddings Inference, `jina` the shape of Jina, Cohere and
   * vLLM.
   * @default 'dgpo'
   */
  api?: 'tei' | 'jina' | 'dgpo';
  /** Sent to `jina` servers, which need it. */
  model?: string;
  /**
   * Texts of one request; Text Embeddings Inference takes 32 unless it is told otherwise.
   * @default 32
   */
  batchSize?: number;
}

/**
 * A reranker that asks a `/rerank` server. With `dgpo` its texts are the passages' contents as they are: such servers make the pair text.
 * @throws ConfigError for a bad URL or option. `scores` throws RetrieverError naming the URL when the server stays unreachable, refuses or
 * answers something else than one score for each text.
 */
export function createRerankClient({
  url: urlText,
  api = 'dgpo',
  model,
  batchSize = 32,
  ...postOptions
}: RerankClientOptions): Reranker {
  requireInteger('batchSize', batchSize, 1);
  if (api === 'jina' && !model) throw new ConfigError('a rerank server of the kind "jina" needs "model"');
  const url = resolveRoute(urlText, '/rerank');
  const post = createPost(url, postOptions);

  const bodies = {
    // Raw scores: behind the sigmoid, good passages are all 1 in float32.
    tei: (query: string, texts: string[]) => ({ query, texts, raw_scores: true, truncate: true }),
    jina: (query: string, texts: string[]) => ({ model, query, documents: texts, top_n: texts.length }),
    dgpo: (query: string, texts: string[]) => ({
      queries: [query],
      documents: [texts.map((contents) => ({ contents }))],
      rerank_topk: texts.length,
      return_scores: true,
    }),
  };

  return {
    ...(api === 'dgpo' && { format: (contents: string) => contents }),
    async scores({ query, texts, signal }) {
      const scores: number[] = [];
      for (let start = 0; start < texts.length; start += batchSize) {
        const batch = texts.slice(start, start + batchSize);
        const reply = await post(bodies[api](query, batch), signal);
        try {
          scores.push(...parseScores(reply, api, batch));
        } catch (cause) {
          const reason = cause instanceof Error ? cause.message : String(cause);
          throw new RetrieverError(`bad reply: ${reason}`, { where: url, cause });
        }
      }
      return scores;
    },
  };
}
