import { z } from 'zod';
import type { RetrieverClient } from '../client/create-retriever-client.js';
import { httpUrl } from '../client/http-url.js';
import type { RequestOptions } from '../client/requester.js';
import { type Environment, readApiKey } from './api-key.js';
import { createWebRetriever, type WebResult } from './web-retriever.js';

export interface SerpApiRetrieverOptions extends RequestOptions {
  /**
   * Environment variable that holds the key.
   * @default 'SERPAPI_API_KEY'
   */
  apiKeyEnv?: string;
  /** @default process.env */
  environment?: Environment;
  /**
   * The search engine behind it.
   * @default 'google'
   */
  engine?: string;
  /** @default 'https://serpapi.com' */
  url?: string;
}

const text = z
  .string()
  .nullish()
  .catch(null)
  .transform((value) => value ?? '');

const resultSchema = z.object({ title: text, link: text, snippet: text, answer: text, question: text });

const replySchema = z.object({
  error: z.string().optional(),
  answer_box: resultSchema.optional().catch(undefined),
  organic_results: z.array(resultSchema).default([]),
  related_questions: z.array(resultSchema).default([]),
});

function readReply(value: unknown): WebResult[] {
  const parsed = replySchema.safeParse(value);
  if (!parsed.success) throw new Error('it is not as in {"organic_results": [{"title", "link", "snippet"}]}');
  const { error, answer_box: answerBox, organic_results: organic, related_questions: related } = parsed.data;
  // An engine that finds nothing is reported as an error too.
  if (error !== undefined && !/any results/.test(error)) throw new Error(error);
  return [
    ...(answerBox === undefined ? [] : [{ ...answerBox, snippet: answerBox.answer || answerBox.snippet }]),
    ...organic,
    ...related.map((result) => ({ ...result, title: result.question || result.title })),
  ].map(({ link, title, snippet }) => ({ link, title, snippet }));
}

/**
 * Searches the web through SerpAPI: the answer box, then the organic results, then the related questions (the order of Search-R1's
 * `serp_search_server.py`), cut to `topK`. Limits as in {@link createSearxngRetriever}. The key is in no message.
 * @throws ConfigError for a missing key and a bad option; `retrieve` throws as {@link createRetrieverClient} does.
 */
export function createSerpApiRetriever({
  apiKeyEnv = 'SERPAPI_API_KEY',
  environment = process.env,
  engine = 'google',
  url = 'https://serpapi.com',
  ...options
}: SerpApiRetrieverOptions = {}): RetrieverClient {
  const key = readApiKey(apiKeyEnv, environment);
  const base = new URL('/search.json', httpUrl(url, 'the key comes from the environment')).href;
  return createWebRetriever({
    ...options,
    url: base,
    requestUrl: (query, topK) =>
      `${base}?${new URLSearchParams({ engine, q: query, num: String(topK), output: 'json', api_key: key })}`,
    secret: key,
    refusalHint: `is the key in ${apiKeyEnv} right, and are searches left on its plan?`,
    parse: readReply,
  });
}
