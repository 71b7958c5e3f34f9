import { z } from 'zod';
import type { RetrieverClient } from '../client/create-retriever-client.js';
import { httpUrl } from '../client/http-url.js';
import type { RequestOptions } from '../client/requester.js';
import { createWebRetriever } from './web-retriever.js';

export interface SearxngRetrieverOptions extends RequestOptions {
  /** The instance: `http://127.0.0.1:8080`. Its settings must allow `json` under `search.formats`. */
  url: string;
  /** Further parameters of its search API, such as `language`, `categories` or `engines`. */
  parameters?: Readonly<Record<string, string>>;
}

const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '');

const replySchema = z.object({ results: z.array(z.object({ url: text, title: text, content: text })) });

/**
 * Searches the web through a SearXNG instance, the first page of its results in its order
 * (https://docs.searxng.org/dev/search_api.html). Limits as in the client of a retriever, but 10 s, 3 retries, 4 requests at once and
 * 4 MiB unless told otherwise.
 * @throws ConfigError for a bad URL or option; `retrieve` throws as {@link createRetrieverClient} does.
 */
export function createSearxngRetriever({ url, parameters = {}, ...options }: SearxngRetrieverOptions): RetrieverClient {
  const base = httpUrl(url, 'this engine needs none');
  base.search = '';
  base.hash = '';
  if (!base.pathname.endsWith('/search')) base.pathname = `${base.pathname.replace(/\/+$/, '')}/search`;
  return createWebRetriever({
    ...options,
    url: base.href,
    requestUrl: (query) => `${base.href}?${new URLSearchParams({ ...parameters, q: query, format: 'json' })}`,
    refusalHint: 'allow json under search.formats in its settings.yml, and this address in its limiter',
    parse(value) {
      const parsed = replySchema.safeParse(value);
      if (!parsed.success) throw new Error('it is not as in {"results": [{"url", "title", "content"}]}');
      return parsed.data.results.map(({ url: link, title, content }) => ({ link, title, snippet: content }));
    },
  });
}
