import { type RetrievedDocument, RetrieverError } from '@dgpo/trajectory';
import type { SearchFrom } from '../components/query-rewriting.js';
import { createJsonClient, type JsonClientOptions, RequestProblem, serverUrl } from './json-client.js';

export interface SearchEndpointOptions extends JsonClientOptions {
  /** Of the server, with or without `/retrieve` at the end: `http://127.0.0.1:8000`. */
  retriever: string;
  /** Passages for each query. @default 3 */
  topK?: number;
  /** Queries in one request. @default 64 */
  batchSize?: number;
}

/**
 * A retriever behind Search-R1's `POST /retrieve`, as `dgpo-retriever serve` has it too.
 *
 * @throws ConfigError for a bad URL or option; the function itself throws RetrieverError.
 */
export function createSearchEndpoint(options: SearchEndpointOptions): SearchFrom {
  const { retriever, topK = 3, batchSize = 64, ...client } = options;
  const base = serverUrl(retriever);
  const url = base.endsWith('/retrieve') ? base : `${base}/retrieve`;
  const post = createJsonClient(client);

  async function ask(queries: readonly string[]): Promise<RetrievedDocument[][]> {
    try {
      const lists = readLists(await post(url, { queries, topk: topK, return_scores: true }));
      if (lists?.length === queries.length) return lists.map((list) => list.slice(0, topK));
      throw new RequestProblem(`expected ${queries.length} lists of passages under result`, null);
    } catch (error) {
      if (error instanceof RequestProblem) throw new RetrieverError(error.message, { where: url });
      throw error;
    }
  }

  return async (queries) => {
    const results: RetrievedDocument[][] = [];
    for (let start = 0; start < queries.length; start += batchSize) {
      results.push(...(await ask(queries.slice(start, start + batchSize))));
    }
    return results;
  };
}

interface WireDocument {
  id?: unknown;
  contents?: unknown;
}

/** `{ result: [[{ document: { id, contents }, score }, …], …] }`, or the documents alone where a server gives no scores. */
function readLists(answer: unknown): RetrievedDocument[][] | undefined {
  const { result } = (typeof answer === 'object' && answer !== null ? answer : {}) as { result?: unknown };
  if (!Array.isArray(result)) return undefined;
  return result.map((list: unknown) => {
    if (!Array.isArray(list)) throw new RequestProblem('expected a list of passages for each query', null);
    return list.map(readItem);
  });
}

function readItem(item: unknown): RetrievedDocument {
  const { document = item, score } = (typeof item === 'object' && item !== null ? item : {}) as {
    document?: unknown;
    score?: unknown;
  };
  const { id, contents } = (
    typeof document === 'string' ? { contents: document } : typeof document === 'object' ? (document ?? {}) : {}
  ) as WireDocument;
  if (typeof contents !== 'string') {
    throw new RequestProblem('expected passages with a text, or an object with contents, under document', null);
  }
  return {
    document: { id: typeof id === 'string' || typeof id === 'number' ? String(id) : '', contents },
    score: typeof score === 'number' ? score : 0,
  };
}
