import { readFile } from 'node:fs/promises';
import { ConfigError } from '@dgpo/trajectory';
import { z } from 'zod';
import type { RetrieverClient } from '../client/create-retriever-client.js';
import type { RequestOptions } from '../client/requester.js';
import type { Environment } from './api-key.js';
import { createJsonSearchRetriever, type JsonSearchSettings } from './create-json-search-retriever.js';
import { createSearxngRetriever } from './create-searxng-retriever.js';
import { createSerpApiRetriever } from './create-serpapi-retriever.js';

export interface OpenWebRetrieverOptions extends RequestOptions {
  /**
   * `searxng:URL`, `serpapi` (its key in `SERPAPI_API_KEY`) or `json:FILE`, a JSON file with the settings of
   * {@link createJsonSearchRetriever}.
   */
  source: string;
  /** Where keys are read. */
  environment: Environment;
}

const name = z.string().min(1).exactOptional();

const settingsSchema: z.ZodType<JsonSearchSettings> = z.strictObject({
  url: z.string().min(1),
  queryParameter: name,
  results: name,
  link: name,
  title: name,
  snippet: name,
  apiKeyEnv: name,
  apiKeyHeader: name,
  apiKeyParameter: name,
});

async function readSettings(path: string): Promise<JsonSearchSettings> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(`cannot be read as JSON (${reason})`, { where: path, cause });
  }
  const parsed = settingsSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue === undefined || issue.path.length === 0 ? 'the file' : issue.path.join('.');
  throw new ConfigError(`${field}: ${issue?.message ?? 'invalid'}`, { where: path });
}

/** Whether a source names a search engine of the web, as {@link openWebRetriever} takes it. */
export function isWebSource(source: string): boolean {
  return source === 'serpapi' || /^(searxng|json):/.test(source);
}

/**
 * Opens a search engine of the web by one word of a command line.
 * @throws ConfigError for another source, a bad URL or file, and a missing key.
 */
export async function openWebRetriever({
  source,
  environment,
  ...options
}: OpenWebRetrieverOptions): Promise<RetrieverClient> {
  const [kind, ...rest] = source.split(':');
  const target = rest.join(':');
  if (source === 'serpapi') return createSerpApiRetriever({ ...options, environment });
  if (kind === 'searxng' && target !== '') return createSearxngRetriever({ ...options, url: target });
  if (kind === 'json' && target !== '') {
    return createJsonSearchRetriever({ ...options, ...(await readSettings(target)), environment });
  }
  throw new ConfigError('expected searxng:URL, serpapi or json:FILE', { where: source });
}
