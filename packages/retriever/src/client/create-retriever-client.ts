import type { RetrievedDocument } from '@dgpo/trajectory';
import { requireTopK } from '../require-top-k.js';
import type { Retriever } from '../retriever.js';
import { httpUrl } from './http-url.js';
import { parseReply } from './parse-reply.js';
import { createRequester, type RequestOptions } from './requester.js';
import { requireInteger } from './require-integer.js';

export interface RetrieverClientOptions extends RequestOptions {
  /** The server, with or without `/retrieve` at the end: `http://127.0.0.1:8000`. */
  url: string;
  /**
   * Queries of one request; more are sent in several, one after the other.
   * @default 512
   */
  batchSize?: number;
  /** Sent as `Authorization: Bearer <token>`. */
  token?: string;
}

/** A retriever behind a server. */
export interface RetrieverClient extends Retriever {
  /** Where it asks; holds no secret. */
  readonly url: string;
}

const howToStart = 'is a /retrieve server running there? Start one with: dgpo-retriever serve DIR';

function resolveUrl(text: string): string {
  const url = httpUrl(text, 'use the option "token"');
  if (!url.pathname.endsWith('/retrieve')) url.pathname = `${url.pathname.replace(/\/+$/, '')}/retrieve`;
  return url.href;
}

/**
 * A retriever that asks a `/retrieve` server: this package's, Search-R1's or any that speaks the same contract. One flaky
 * request does not end a run: attempts have a time limit and are repeated; a server that stays down is left alone for a while.
 * @throws ConfigError for a bad URL or option. `retrieve` throws RetrieverError naming the URL when the server stays
 * unreachable, refuses the request (`refusesQuery` where it is too large) or sends something else than passages, and the signal's reason
 * when it is aborted.
 */
export function createRetrieverClient({
  url: urlText,
  batchSize = 512,
  token,
  ...options
}: RetrieverClientOptions): RetrieverClient {
  const url = resolveUrl(urlText);
  requireInteger({ batchSize }, 1);
  const requester = createRequester({ ...options, where: url, hint: howToStart, secret: token });
  const headers = {
    'Content-Type': 'application/json',
    Accept: 'application/json',
    ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
  };

  return {
    url,
    async retrieve({ queries, topK, signal }) {
      requireTopK(topK);
      return requester.call(async (limited) => {
        const answers: RetrievedDocument[][] = [];
        for (let start = 0; start < queries.length; start += batchSize) {
          const part = queries.slice(start, start + batchSize);
          const lists = await requester.request({
            url,
            init: { method: 'POST', headers, body: JSON.stringify({ queries: part, topk: topK, return_scores: true }) },
            parse: (body) => parseReply(body, { queries: part.length, topK }),
            signal: limited,
          });
          answers.push(...lists);
        }
        return answers;
      }, signal);
    },
  };
}
