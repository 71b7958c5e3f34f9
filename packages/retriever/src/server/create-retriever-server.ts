import { ConfigError } from '@dgpo/trajectory';
import { type Context, Hono } from 'hono';
import { bearerAuth } from 'hono/bearer-auth';
import { bodyLimit } from 'hono/body-limit';
import { HTTPException } from 'hono/http-exception';
import type { IndexedRetriever, Retriever } from '../retriever.js';
import { parseRetrieveRequest } from './retrieve-request.js';

export interface RetrieverServerOptions {
  /** Answers the queries. One with `kind`, `documents` and `fingerprint` has them reported by `/health`. */
  retriever: Retriever & Partial<Pick<IndexedRetriever, 'kind' | 'documents' | 'fingerprint'>>;
  /**
   * Passages for each query when the request does not say.
   * @default 3
   */
  topK?: number;
  /**
   * The largest `topk` a request may ask for.
   * @default 1000
   */
  maxTopK?: number;
  /**
   * The most queries of one request.
   * @default 4096
   */
  maxQueries?: number;
  /**
   * The largest body of a request, in bytes.
   * @default 8388608
   */
  maxBodyBytes?: number;
  /**
   * How long one request may search, in milliseconds; then it is answered with 503.
   * @default 30000
   */
  timeout?: number;
  /** When given, `/retrieve` asks for `Authorization: Bearer <token>`; `/health` stays open. */
  token?: string;
  /**
   * Gets one line for each request that failed inside the server.
   * @default console.warn
   */
  logger?: (message: string) => void;
}

/** The server as a hono application: serve it with {@link serveRetriever}, or mount it in another application. */
export type RetrieverApp = Hono & {
  /** Whether `/retrieve` is protected by a token. */
  readonly requiresToken: boolean;
};

const errorBody = (message: string) => ({ error: { message } });

/** Rejects with the signal's reason as soon as it is aborted, also while a retriever does not look at it. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
    if (signal.aborted) abort();
  });
}

function requirePositive(limits: Record<string, number>): void {
  for (const [name, value] of Object.entries(limits)) {
    if (!Number.isInteger(value) || value < 1) {
      throw new ConfigError(`${name} must be an integer of at least 1, not ${value}`);
    }
  }
}

/**
 * The retrieval server that search agents of the field speak to:
 * `POST /retrieve {"queries": ["…"], "topk"?: 3, "return_scores"?: true}` answers
 * `{"result": [[{"document": {"id", "contents"}, "score"}, …], …]}`, without scores (the default)
 * `{"result": [[{"id", "contents"}, …], …]}`; `GET /health` answers `{"status": "ok", …}`. Errors are
 * `{"error": {"message"}}`: 400 for a bad request, 401 without the token, 413 for one too large, 503 for one too slow.
 * Contract: `search_r1/search/retrieval_server.py` of PeterGriffinJin/Search-R1, whose own reply without scores fails.
 * @throws ConfigError for limits below 1 and an unusable token.
 */
export function createRetrieverServer({
  retriever,
  topK = 3,
  maxTopK = 1000,
  maxQueries = 4096,
  maxBodyBytes = 8 << 20,
  timeout = 30_000,
  token,
  logger = console.warn,
}: RetrieverServerOptions): RetrieverApp {
  requirePositive({ topK, maxTopK, maxQueries, maxBodyBytes, timeout });
  if (topK > maxTopK) throw new ConfigError(`topK (${topK}) must not exceed maxTopK (${maxTopK})`);
  if (token !== undefined && !/^[\w.~+/-]+=*$/.test(token)) {
    throw new ConfigError('the token must not be empty and may hold only letters, digits and . _ ~ + / - =');
  }
  const app = new Hono();

  app.onError((error, context) => {
    if (error instanceof HTTPException) return error.getResponse();
    logger(`${context.req.method} ${context.req.path}: ${error.message}`);
    return context.json(errorBody('the search failed inside the server; its log says why'), 500);
  });
  app.notFound((context) => context.json(errorBody('not found; this server has POST /retrieve and GET /health'), 404));

  app.get('/health', (context) => {
    const { kind, documents, fingerprint } = retriever;
    return context.json({ status: 'ok', kind, documents, fingerprint });
  });

  if (token !== undefined) {
    const message = errorBody('this server asks for Authorization: Bearer <token>');
    app.use(
      '/retrieve',
      bearerAuth({
        token,
        noAuthenticationHeader: { message },
        invalidAuthenticationHeader: { message },
        invalidToken: { message: errorBody('the bearer token is wrong') },
      }),
    );
  }
  const tooLarge = (context: Context) =>
    context.json(errorBody(`the body is larger than the ${maxBodyBytes} bytes this server takes`), 413);
  app.post('/retrieve', bodyLimit({ maxSize: maxBodyBytes, onError: tooLarge }), async (context) => {
    const parsed = parseRetrieveRequest(await context.req.text(), { maxQueries, maxTopK });
    if ('problem' in parsed) return context.json(errorBody(parsed.problem.message), parsed.problem.status);
    const { queries, topk, return_scores: returnScores } = parsed.request;
    const expired = AbortSignal.timeout(timeout);
    const signal = AbortSignal.any([context.req.raw.signal, expired]);
    try {
      const result = await untilAborted(retriever.retrieve({ queries, topK: topk ?? topK, signal }), signal);
      return context.json({
        result: returnScores ? result : result.map((list) => list.map(({ document }) => document)),
      });
    } catch (error) {
      if (!expired.aborted) throw error;
      const text = `the search took longer than ${timeout} ms; send fewer queries at once`;
      return context.json(errorBody(text), 503, { 'Retry-After': '1' });
    }
  });
  app.all('/retrieve', (context) => context.json(errorBody('use POST'), 405, { Allow: 'POST' }));

  return Object.assign(app, { requiresToken: token !== undefined });
}
