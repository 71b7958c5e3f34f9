import { createHash, timingSafeEqual } from 'node:crypto';
import { createSampler } from '@dgpo/lm';
import { ConfigError, createRandom } from '@dgpo/trajectory';
import { type Context, Hono, type MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { OpenModel } from '../generate/open-model.js';
import { ApiError } from './api-error.js';
import { toApiError } from './respond.js';
import { chatCompletions, completions, type RouteOptions, tokenize } from './routes.js';
import { createScheduler } from './scheduler.js';
import type { ServedModel } from './served-model.js';

export interface ModelServerOptions {
  model: Pick<OpenModel, 'name' | 'decoder' | 'tokenizer' | 'chatTemplate'>;
  /** Tokens of a prompt and its continuation together. @default 2048, or what the model reads if that is less */
  maxContextTokens?: number;
  /** Sequences sampled side by side. @default 8 */
  maxBatch?: number;
  /** Sequences that may wait beyond those; then requests are answered with 429. @default 64 */
  maxQueue?: number;
  /** How long an answer may take, in milliseconds; then it is called off and answered with 503. @default 600000 */
  timeout?: number;
  /** The largest body of a request, in bytes. @default 4194304 */
  maxBodyBytes?: number;
  /** When given, everything below `/v1`, and `/tokenize`, asks for `Authorization: Bearer <key>`. */
  apiKey?: string;
  /** Of requests without a seed of their own: the same requests in the same order are answered alike. @default 0 */
  seed?: number;
  /** Gets one line for each request that failed inside the server. @default console.warn */
  logger?: (message: string) => void;
}

/** The server as a hono application: serve it with {@link serveModel}, or mount it in another application. */
export interface ModelServer {
  app: Hono;
  /** Whether an API key is asked for. */
  readonly requiresKey: boolean;
  readonly maxContextTokens: number;
  /** Takes no more requests and resolves when those in progress are answered. */
  drain(): Promise<void>;
  /** Calls off what is in progress. */
  abort(): void;
  /** Frees the cache; the model stays its owner's. */
  dispose(): void;
}

const digest = (text: string) => createHash('sha256').update(text).digest();

function requirePositive(limits: Record<string, number>): void {
  for (const [name, value] of Object.entries(limits)) {
    if (!Number.isInteger(value) || value < 1) {
      throw new ConfigError(`must be an integer of at least 1, not ${value}`, { where: name });
    }
  }
}

/**
 * A server that clients of OpenAI's API speak to: `GET /v1/models`, `POST /v1/completions`, `POST /v1/chat/completions` (both also as
 * server-sent events), `POST /tokenize` and `GET /health`. Errors are `{"error": {"message", "type", "param", "code"}}`. A field that would change the
 * answer and that this server does not have is refused with 400.
 *
 * Contracts: OpenAI's API reference; for token ids, `prompt_logprobs`, `top_k`, `min_p` and `/tokenize` the server of vLLM.
 * @throws {ConfigError} for limits below 1, a context that the model does not have, and an empty key
 */
export function createModelServer(options: ModelServerOptions): ModelServer {
  const { model, maxBatch = 8, maxQueue = 64, timeout = 600_000, maxBodyBytes = 4 << 20, apiKey, seed = 0 } = options;
  const { decoder, tokenizer, name, chatTemplate } = model;
  const { logger = console.warn } = options;
  const positions = decoder.config.maxPositionEmbeddings;
  const maxContextTokens = options.maxContextTokens ?? Math.min(2048, positions);
  requirePositive({ maxContextTokens, maxBatch, maxQueue, timeout, maxBodyBytes });
  if (maxContextTokens > positions) {
    throw new ConfigError(`is ${maxContextTokens}, but this model reads ${positions} tokens`, {
      where: 'maxContextTokens',
    });
  }
  if (apiKey !== undefined && apiKey.trim() === '') throw new ConfigError('the API key is empty');
  const sampler = createSampler({ decoder, tokenizer, slots: maxBatch, maxContextTokens, maxStepTokens: 1024 });
  const scheduler = createScheduler({ sampler, maxBatch, maxQueue });
  const now = () => Math.floor(Date.now() / 1000);
  const random = createRandom(seed).split('serve');
  let requests = 0;
  const served: ServedModel = {
    name,
    decoder,
    tokenizer,
    chatTemplate,
    sampler,
    scheduler,
    nextRandom: () => random.split(requests++),
    created: now(),
  };
  const stopped = new AbortController();
  const app = new Hono();

  app.onError((error, context) => {
    const answer = toApiError(error, (message) => logger(`${context.req.method} ${context.req.path}: ${message}`));
    return context.json(answer.body, answer.status, answer.headers);
  });
  app.notFound(() => {
    throw new ApiError(
      404,
      'not found; this server has GET /health, GET /v1/models, POST /v1/completions, POST /v1/chat/completions and POST /tokenize',
    );
  });
  app.get('/health', (context) => context.json({ status: 'ok', model: name }));

  if (apiKey !== undefined) {
    const expected = digest(apiKey);
    const check: MiddlewareHandler = (context, next) => {
      const given = /^Bearer +(.+)$/i.exec(context.req.header('Authorization') ?? '')?.[1];
      if (given !== undefined && timingSafeEqual(digest(given), expected)) return next();
      const problem = given === undefined ? 'this server asks for Authorization: Bearer <key>' : 'the API key is wrong';
      throw new ApiError(401, problem, { code: 'invalid_api_key', headers: { 'WWW-Authenticate': 'Bearer' } });
    };
    app.use('/v1/*', check);
    app.use('/tokenize', check);
  }

  const entry = {
    id: name,
    object: 'model',
    created: served.created,
    owned_by: 'dgpo',
    max_model_len: maxContextTokens,
  };
  app.get('/v1/models', (context) => context.json({ object: 'list', data: [entry] }));
  app.get('/v1/models/*', (context) => {
    if (decodeURIComponent(context.req.path.slice('/v1/models/'.length)) === name) return context.json(entry);
    throw new ApiError(404, `this server has only the model "${name}"`, { code: 'model_not_found' });
  });

  const post = (path: string, answer: (context: Context, route: RouteOptions) => Promise<Response>) => {
    const limit = bodyLimit({
      maxSize: maxBodyBytes,
      onError: () => {
        throw new ApiError(413, `the body is larger than the ${maxBodyBytes} bytes this server takes`);
      },
    });
    app.post(path, limit, (context) => {
      // A page in a browser can send other types to any address without asking first.
      if (!/^application\/json\b/i.test(context.req.header('Content-Type') ?? '')) {
        throw new ApiError(415, 'send Content-Type: application/json');
      }
      const controller = new AbortController();
      const expired = AbortSignal.timeout(timeout);
      const signal = AbortSignal.any([context.req.raw.signal, expired, stopped.signal]);
      signal.addEventListener('abort', () => controller.abort(signal.reason), { once: true });
      const explain = (error: unknown) => {
        if (expired.aborted) {
          return new ApiError(503, `the answer took longer than ${timeout} ms; ask for fewer tokens`, {
            code: 'timeout',
          });
        }
        if (controller.signal.aborted) return new ApiError(503, 'the request was called off', { code: 'aborted' });
        return toApiError(error, (message) => logger(`POST ${path}: ${message}`));
      };
      return answer(context, { model: served, controller, now, explain });
    });
    app.all(path, () => {
      throw new ApiError(405, 'use POST', { headers: { Allow: 'POST' } });
    });
  };
  post('/v1/completions', completions);
  post('/v1/chat/completions', chatCompletions);
  post('/tokenize', tokenize);

  return {
    app,
    requiresKey: apiKey !== undefined,
    maxContextTokens,
    drain: () => scheduler.close(),
    abort: () => stopped.abort(),
    dispose: () => sampler.dispose(),
  };
}
