import { ConfigError } from '@dgpo/trajectory';
import type { RetrieverClient } from '../client/create-retriever-client.js';
import { httpUrl } from '../client/http-url.js';
import type { RequestOptions } from '../client/requester.js';
import { type Environment, readApiKey } from './api-key.js';
import { jsonPath } from './json-path.js';
import { createWebRetriever } from './web-retriever.js';

/** Where a search API takes the query and keeps its results. */
export interface JsonSearchSettings {
  /** The address, with `{query}` and `{topK}` where they go: `https://api.example.org/search?count={topK}`. */
  url: string;
  /**
   * Parameter that gets the query when the address has no `{query}`.
   * @default 'q'
   */
  queryParameter?: string;
  /**
   * Path to the list of results, such as `web.results`; `$` when the reply is the list.
   * @default 'results'
   */
  results?: string;
  /**
   * Path to the address of a result, from the result.
   * @default 'url'
   */
  link?: string;
  /** @default 'title' */
  title?: string;
  /** @default 'snippet' */
  snippet?: string;
  /** Environment variable that holds the key; without one, none is sent. */
  apiKeyEnv?: string;
  /**
   * Header that gets the key.
   * @default 'Authorization', with `Bearer ` before it
   */
  apiKeyHeader?: string;
  /** Parameter that gets the key, instead of a header. */
  apiKeyParameter?: string;
}

export interface JsonSearchRetrieverOptions extends RequestOptions, JsonSearchSettings {
  /** @default process.env */
  environment?: Environment;
}

const toText = (value: unknown) => (typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '');

/** Puts query and number in; the server itself cannot be chosen by them. */
function fillTemplate(template: string): (query: string, topK: number) => URL {
  const fill = (query: string, topK: number) =>
    httpUrl(
      template.replaceAll(/\{(query|topK)\}/g, (_, name) => encodeURIComponent(name === 'query' ? query : topK)),
      'name its variable with apiKeyEnv',
    );
  if (fill('a', 1).origin !== fill('b', 2).origin) {
    throw new ConfigError('{query} and {topK} may stand after the host only', { where: template });
  }
  return fill;
}

/**
 * Searches through any API that answers a GET request with a JSON list of results. Limits as in {@link createSearxngRetriever}. The
 * key is in no message.
 * @throws ConfigError for a bad address, path or option and a missing key; `retrieve` throws as {@link createRetrieverClient} does.
 */
export function createJsonSearchRetriever({
  url: template,
  queryParameter = 'q',
  results: resultsPath = 'results',
  link = 'url',
  title = 'title',
  snippet = 'snippet',
  apiKeyEnv,
  apiKeyHeader,
  apiKeyParameter,
  environment = process.env,
  ...options
}: JsonSearchRetrieverOptions): RetrieverClient {
  const fill = fillTemplate(template);
  const resultsOf = jsonPath(resultsPath, 'results');
  const linkOf = jsonPath(link, 'link');
  const titleOf = jsonPath(title, 'title');
  const snippetOf = jsonPath(snippet, 'snippet');
  if (apiKeyEnv === undefined && (apiKeyHeader ?? apiKeyParameter) !== undefined) {
    throw new ConfigError('name the environment variable that holds the key', { where: 'apiKeyEnv' });
  }
  if (apiKeyHeader !== undefined && apiKeyParameter !== undefined) {
    throw new ConfigError('the key goes into a header or a parameter: choose one', { where: 'apiKeyParameter' });
  }
  const key = apiKeyEnv === undefined ? undefined : readApiKey(apiKeyEnv, environment);
  const headers: Record<string, string> = {};
  if (key !== undefined && apiKeyParameter === undefined) {
    headers[apiKeyHeader ?? 'Authorization'] = apiKeyHeader === undefined ? `Bearer ${key}` : key;
  }
  const { origin, pathname } = fill('', 1);

  return createWebRetriever({
    ...options,
    url: `${origin}${pathname}`,
    requestUrl(query, topK) {
      const url = fill(query, topK);
      if (!template.includes('{query}')) url.searchParams.set(queryParameter, query);
      if (key !== undefined && apiKeyParameter !== undefined) url.searchParams.set(apiKeyParameter, key);
      return url.href;
    },
    headers,
    secret: key,
    ...(apiKeyEnv !== undefined && { refusalHint: `is the key in ${apiKeyEnv} right?` }),
    parse(value) {
      const results = resultsOf(value);
      if (!Array.isArray(results)) throw new Error(`there is no list at ${JSON.stringify(resultsPath)}`);
      return results.map((result) => ({
        link: toText(linkOf(result)),
        title: toText(titleOf(result)),
        snippet: toText(snippetOf(result)),
      }));
    },
  });
}
