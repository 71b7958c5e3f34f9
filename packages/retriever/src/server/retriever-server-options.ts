import type { Hono } from 'hono';
import type { PassageLookup } from '../mcp/create-mcp-server.js';
import type { Reranker } from '../rerank/reranker.js';
import type { IndexedRetriever, Retriever } from '../retriever.js';
import type { Encoder } from '../vector/encoder.js';
import type { ServerLimits } from './server-limits.js';

/** A retriever and what it may tell about itself. */
export type ServableRetriever = Retriever &
  Partial<Pick<IndexedRetriever, 'kind' | 'documents' | 'fingerprint'>> &
  Partial<PassageLookup> & {
    /** Serves `/v1/embeddings` unless the server is given another encoder. */
    readonly encoder?: Encoder;
  };

export interface RetrieverServerOptions extends ServerLimits {
  /**
   * Answers the queries. While a promise is pending the server answers with 503, `/health` aside. One with `kind`, `documents` and
   * `fingerprint` has them reported by `/health`; only answers of one with a fingerprint are cached.
   */
  retriever: ServableRetriever | Promise<ServableRetriever>;
  /** Answers `/rerank`, which is 404 without it. */
  reranker?: Reranker;
  /** Answers `/v1/embeddings`, which is 404 without it unless the retriever has an encoder. */
  encoder?: Encoder;
  /**
   * Passages for each query when the request does not say.
   * @default 3
   */
  topK?: number;
  /**
   * How long a batch waits for queries of other requests before it starts, in milliseconds. At 0 it takes what has arrived.
   * @default 0
   */
  batchWait?: number;
  /**
   * Answers kept, by fingerprint of the index, query and k; the least recently used are forgotten. 0 keeps none.
   * @default 10000
   */
  cacheSize?: number;
  /**
   * The most memory that kept answers take, in bytes (estimated).
   * @default 67108864
   */
  cacheBytes?: number;
  /** When given, every route asks for `Authorization: Bearer <token>`, `/health` and `/ready` aside. */
  token?: string;
  /**
   * Answers `/metrics` without the token, for scrapers that cannot send one.
   * @default false
   */
  openMetrics?: boolean;
  /**
   * Mounts an MCP server at `/mcp` (streamable HTTP, without sessions). Needs the optional package `@modelcontextprotocol/sdk`.
   * @default false
   */
  mcp?: boolean;
  /**
   * Gets one line for each request that failed inside the server.
   * @default console.warn
   */
  logger?: (message: string) => void;
}

/** The server as a hono application: serve it with {@link serveRetriever}, or mount it in another application. */
export type RetrieverApp = Hono & {
  /** Whether the routes are protected by a token. */
  readonly requiresToken: boolean;
  /**
   * Resolves when the index is open and a first search has worked; rejects with what went wrong. A failed search is tried again at
   * the next call, and when `/ready` is asked.
   */
  whenReady(): Promise<void>;
  /** Turns `/ready` and new work to 503, for a shutdown. Requests in progress go on. */
  stopAccepting(): void;
};
