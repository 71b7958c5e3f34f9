import type { RetrievedDocument } from '@dgpo/trajectory';
import type { RetrieverClient } from '../client/create-retriever-client.js';
import { createRequester, type RequestOptions } from '../client/requester.js';
import { requireTopK } from '../require-top-k.js';

/** What a search engine says about a page. */
export interface WebResult {
  link: string;
  title: string;
  snippet: string;
}

/** The longest passage made of one result, in characters. */
const maxPassageLength = 4000;

const oneLine = (text: string) => text.replaceAll(/\s+/g, ' ').trim();

/**
 * Results as passages in the form of a corpus, `"title"\nsnippet` under the link, best first. Engines give no score that can be
 * compared, so the score is 1 / rank. Results without title and snippet are left out.
 */
function webPassages(results: readonly WebResult[], topK: number): RetrievedDocument[] {
  return results
    .map(({ link, title, snippet }) => ({ link, title: oneLine(title), snippet: oneLine(snippet) }))
    .filter(({ title, snippet }) => title !== '' || snippet !== '')
    .slice(0, topK)
    .map(({ link, title, snippet }, index) => ({
      document: { id: link, contents: `"${title}"\n${snippet}`.slice(0, maxPassageLength) },
      score: 1 / (index + 1),
    }));
}

/** A retriever over an engine that takes one query a request. */
export function createWebRetriever({
  url,
  requestUrl,
  headers = {},
  parse,
  secret,
  refusalHint,
  timeout = 10_000,
  retries = 3,
  maxConcurrent = 4,
  maxResponseBytes = 4 << 20,
  ...options
}: RequestOptions & {
  /** The engine in messages; holds no secret. */
  url: string;
  /** The address that answers a query; may hold the secret. */
  requestUrl: (query: string, topK: number) => string;
  headers?: Readonly<Record<string, string>>;
  /** Reads the JSON of a reply. @throws Error when it is something else. */
  parse: (value: unknown) => WebResult[];
  secret?: string | undefined;
  refusalHint?: string;
}): RetrieverClient {
  const limits = { timeout, retries, maxConcurrent, maxResponseBytes };
  const hint = 'is the search engine running there, and may it be asked so often?';
  const requester = createRequester({ ...options, ...limits, where: url, hint, refusalHint, secret });
  const init = {
    method: 'GET',
    headers: { Accept: 'application/json', ...headers },
    // A key must not follow a redirect to somebody else.
    ...(secret !== undefined && { redirect: 'error' as const }),
  };

  function read(body: string): WebResult[] {
    let value: unknown;
    try {
      value = JSON.parse(body);
    } catch {
      throw new Error(`it is not JSON: ${JSON.stringify(body.slice(0, 80))}`);
    }
    return parse(value);
  }

  return {
    url,
    async retrieve({ queries, topK, signal }) {
      requireTopK(topK);
      return requester.call(async (limited) => {
        // When one query fails the call fails: the others need not be asked any more.
        const failed = new AbortController();
        const either = limited ? AbortSignal.any([limited, failed.signal]) : failed.signal;
        try {
          return await Promise.all(
            queries.map(async (query) => {
              const results = await requester.request({
                url: requestUrl(query, topK),
                init,
                parse: read,
                signal: either,
              });
              return webPassages(results, topK);
            }),
          );
        } catch (error) {
          failed.abort(error);
          throw error;
        }
      }, signal);
    },
  };
}
