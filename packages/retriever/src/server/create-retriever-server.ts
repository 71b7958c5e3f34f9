import { ConfigError, type RetrievedDocument } from '@dgpo/trajectory';
import { type Context, Hono, type MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { answerMcpRequest } from '../mcp/answer-mcp-request.js';
import { importMcpModule } from '../mcp/import-sdk.js';
import type { RetrieveOptions } from '../retriever.js';
import { untilAborted } from '../until-aborted.js';
import type { Encoder } from '../vector/encoder.js';
import { answerEmbeddings, createEmbeddingsQueue } from './embeddings-route.js';
import { requireLocalOrigin } from './local-origin.js';
import { createLruCache } from './lru-cache.js';
import { createOpenApiDocument } from './openapi.js';
import { metricsContentType } from './prometheus.js';
import { createReadiness } from './readiness.js';
import { errorBody, RequestError } from './request-error.js';
import { parseRequest, retrieveRequestSchema } from './request-schemas.js';
import { answerRerank, createRerankQueue } from './rerank-route.js';
import type { RetrieverApp, RetrieverServerOptions, ServableRetriever } from './retriever-server-options.js';
import { createServedRetriever } from './served-retriever.js';
import { requireAllowedTopK, requireLimits, requireTexts } from './server-limits.js';
import { createServerMetrics } from './server-metrics.js';
import { createTokenGuard } from './token-guard.js';
import { withinTime } from './within-time.js';

const noStore = { 'Cache-Control': 'no-store' };

/**
 * The retrieval server that search agents of the field speak to:
 * `POST /retrieve {"queries": ["…"], "topk"?: 3, "return_scores"?: true}` answers
 * `{"result": [[{"document": {"id", "contents"}, "score"}, …], …]}`, without scores (the default)
 * `{"result": [[{"id", "contents"}, …], …]}`. Beside it `POST /rerank`, `POST /v1/embeddings` (OpenAI), `GET /health`, `/ready`,
 * `/metrics` (Prometheus), `/openapi.json` and, when asked for, `POST /mcp`. Concurrent requests are answered in batches.
 * Errors are `{"error": {"message"}}`: 400 for a bad request, 401 without the token, 413 for one too large, 429 when too many wait,
 * 503 for one too slow and while the index is not open, both with `Retry-After`.
 * Contract: `search_r1/search/retrieval_server.py` of PeterGriffinJin/Search-R1, whose own reply without scores fails.
 * @throws ConfigError for limits below 1 and an unusable token.
 */
export function createRetrieverServer({
  retriever,
  reranker,
  encoder,
  topK = 3,
  batchWait = 0,
  cacheSize = 10_000,
  cacheBytes = 64 << 20,
  token,
  openMetrics = false,
  mcp = false,
  logger = console.warn,
  ...given
}: RetrieverServerOptions): RetrieverApp {
  const limits = requireLimits(given);
  const { maxTopK, maxBodyBytes, maxQueue, timeout } = limits;
  if (!Number.isInteger(topK) || topK < 1) throw new ConfigError(`topK must be an integer of at least 1, not ${topK}`);
  if (topK > maxTopK) throw new ConfigError(`topK (${topK}) must not exceed maxTopK (${maxTopK})`);
  for (const [name, value] of Object.entries({ batchWait, cacheSize, cacheBytes })) {
    if (!(Number.isFinite(value) && value >= 0)) throw new ConfigError(`${name} must be at least 0, not ${value}`);
  }

  const metrics = createServerMetrics();
  const cache = createLruCache<RetrievedDocument[]>({ maxEntries: cacheSize, maxBytes: cacheBytes });
  const rerankQueue = reranker && createRerankQueue(reranker);
  const embeddingsQueueOf = (found: Encoder) => ({
    encoder: found,
    queue: createEmbeddingsQueue(found, limits.maxBatchQueries),
  });

  const open = (inner: ServableRetriever) => {
    const embedder = encoder ?? inner.encoder;
    const served = createServedRetriever({
      retriever: cacheSize === 0 ? { retrieve: (options) => inner.retrieve(options) } : inner,
      cache,
      maxBatchQueries: limits.maxBatchQueries,
      batchWait,
      onBatch: metrics.countBatch,
      onCache: metrics.countCache,
    });
    return { inner, served, embeddings: embedder && embeddingsQueueOf(embedder) };
  };
  const readiness = createReadiness({
    opening: retriever instanceof Promise ? retriever.then(open) : open(retriever),
    async check({ inner }) {
      if (mcp) await Promise.all([importMcpModule('server'), importMcpModule('http')]);
      const signal = AbortSignal.timeout(timeout);
      await untilAborted(inner.retrieve({ queries: ['ready'], topK: 1, signal }), signal);
    },
    onFailure: (error) => logger(`cannot open the index: ${error instanceof Error ? error.message : String(error)}`),
  });
  const about = () => {
    const { kind, documents, fingerprint } = readiness.opened?.inner ?? {};
    return { kind, documents, fingerprint };
  };

  const app = new Hono();
  let inProgress = 0;
  const known = new Set(['/health', '/ready', '/metrics', '/openapi.json', '/retrieve', '/rerank', '/v1/embeddings']);
  if (mcp) known.add('/mcp');

  app.onError((error, context) => {
    if (error instanceof RequestError) {
      const body = JSON.stringify(errorBody(error.message));
      return new Response(body, {
        status: error.status,
        headers: { 'Content-Type': 'application/json', ...error.headers },
      });
    }
    // A client that went away in the middle of its request is no fault of the server.
    if (!context.req.raw.signal.aborted) logger(`${context.req.method} ${context.req.path}: ${error.message}`);
    return context.json(errorBody('the search failed inside the server; its log says why'), 500);
  });
  app.notFound((context) =>
    context.json(errorBody('not found; GET /openapi.json says what this server has, POST /retrieve first of all'), 404),
  );

  app.use(async (context, next) => {
    const started = performance.now();
    await next();
    const route = known.has(context.req.path) ? context.req.path : 'other';
    metrics.countRequest({ route, status: context.res.status, seconds: (performance.now() - started) / 1000 });
  });
  if (token !== undefined) {
    app.use(createTokenGuard({ token, openPaths: ['/health', '/ready', ...(openMetrics ? ['/metrics'] : [])] }));
  }

  app.get('/health', (context) => context.json({ status: 'ok', ...about() }, 200, noStore));
  app.get('/ready', async (context) => {
    // The first search has its own time limit; an index that is still opening is not waited for.
    if (readiness.opened !== undefined && readiness.status !== 'closing') {
      await readiness.whenReady().catch((error) => {
        logger(`GET /ready: ${error instanceof Error ? error.message : error}`);
      });
    }
    return context.json({ status: readiness.status, ...about() }, readiness.status === 'ready' ? 200 : 503, noStore);
  });
  app.get('/metrics', (context) => {
    const text = metrics.text({
      ready: readiness.status === 'ready',
      documents: about().documents,
      inProgress,
      queueLength: readiness.opened?.served.waiting ?? 0,
      cacheEntries: cache.entries,
      cacheBytes: cache.bytes,
    });
    return context.body(text, 200, { 'Content-Type': metricsContentType, ...noStore });
  });
  const document = createOpenApiDocument({ requiresToken: token !== undefined, mcp });
  app.get('/openapi.json', (context) => context.json(document));

  const admit: MiddlewareHandler = async (_context, next) => {
    if (inProgress >= maxQueue) {
      metrics.countRejected();
      throw new RequestError(429, `more than ${maxQueue} requests wait here; try again`, { 'Retry-After': '1' });
    }
    inProgress++;
    try {
      await next();
    } finally {
      inProgress--;
    }
  };
  const limitBody = bodyLimit({
    maxSize: maxBodyBytes,
    onError() {
      throw new RequestError(413, `the body is larger than the ${maxBodyBytes} bytes this server takes`);
    },
  });
  type Opened = ReturnType<typeof open>;
  type Work = (request: { context: Context; opened: Opened; body: string; signal: AbortSignal }) => Promise<Response>;
  const post = (path: string, work: Work) => {
    app.post(path, admit, limitBody, async (context) => {
      // A page does not know the token.
      if (token === undefined) requireLocalOrigin(context.req.raw);
      const opened = readiness.require();
      const client = context.req.raw.signal;
      const body = await context.req.text();
      return withinTime({ client, timeout, work: (signal) => work({ context, opened, body, signal }) });
    });
    app.all(path, () => {
      throw new RequestError(405, 'use POST', { Allow: 'POST' });
    });
  };

  post('/retrieve', async ({ context, opened, body, signal }) => {
    const request = parseRequest(retrieveRequestSchema, body);
    const { queries, return_scores: returnScores } = request;
    const wanted = request.topk ?? topK;
    requireTexts({ field: 'queries', texts: queries, limits });
    requireAllowedTopK({ field: 'topk', topK: wanted, maxTopK });
    const result = queries.length === 0 ? [] : await opened.served.retrieve({ queries, topK: wanted, signal });
    return context.json({
      result: returnScores ? result : result.map((list) => list.map(({ document: bare }) => bare)),
    });
  });
  post('/rerank', async ({ context, body, signal }) => {
    if (rerankQueue === undefined) throw new RequestError(404, 'this server was started without a reranker');
    const format = reranker?.format;
    return context.json(
      await answerRerank({ body, queue: rerankQueue, ...(format && { format }), topK, limits, signal }),
    );
  });
  post('/v1/embeddings', async ({ context, opened: { embeddings }, body, signal }) => {
    if (embeddings === undefined)
      throw new RequestError(404, 'this server has no encoder: its index is not of vectors');
    return context.json(await answerEmbeddings({ body, ...embeddings, limits, signal }));
  });
  if (mcp) {
    post('/mcp', ({ context, opened: { inner, served }, body, signal }) => {
      const { maxQueryLength } = limits;
      const batched = {
        retrieve: (query: RetrieveOptions) => served.retrieve({ signal, ...query }),
        ...(inner.lookUp && { lookUp: inner.lookUp.bind(inner) }),
      };
      const options = { retriever: batched, topK, maxTopK, maxQueryLength, timeout, logger };
      return answerMcpRequest({ ...options, request: context.req.raw, body });
    });
  }

  return Object.assign(app, {
    requiresToken: token !== undefined,
    whenReady: () => readiness.whenReady(),
    stopAccepting: () => readiness.close(),
  });
}
