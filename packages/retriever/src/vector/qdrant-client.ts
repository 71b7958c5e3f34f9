import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigError, RetrieverError } from '@dgpo/trajectory';

export interface QdrantSurroundings {
  /**
   * The environment that `apiKeyEnv` is looked up in.
   * @default process.env
   */
  environment?: Readonly<Record<string, string | undefined>>;
  /**
   * Milliseconds that one request may take.
   * @default 30000
   */
  timeout?: number;
  /**
   * Further attempts after one that failed on the way, took too long, or was answered by 408, 429 or 5xx.
   * @default 3
   */
  retries?: number;
  /**
   * Milliseconds before the second attempt; doubles with every further one, up to 10 seconds.
   * @default 250
   */
  backoff?: number;
}

export interface QdrantPlace {
  /** Such as `http://127.0.0.1:6333`; without a port it is 6333. */
  url: string;
  collection: string;
  /** Name of the environment variable with the API key. The key itself is never stored. */
  apiKeyEnv?: string;
}

/** The part of `QdrantClient` of `@qdrant/js-client-rest` that is used here. */
export interface Qdrant {
  getCollection(collection: string): Promise<unknown>;
  createCollection(collection: string, options: Record<string, unknown>): Promise<unknown>;
  upsert(
    collection: string,
    options: { wait: boolean; batch: { ids: number[]; vectors: number[][] } },
  ): Promise<unknown>;
  delete(collection: string, options: { wait: boolean; points: number[] }): Promise<unknown>;
  query(collection: string, options: Record<string, unknown>): Promise<unknown>;
  scroll(collection: string, options: Record<string, unknown>): Promise<unknown>;
  count(collection: string, options: { exact: boolean }): Promise<unknown>;
}
interface QdrantModule {
  QdrantClient: new (options: Record<string, unknown>) => Qdrant;
}

// A name that TypeScript and bundlers do not follow: the package works where the client is not installed.
const moduleName: string = '@qdrant/js-client-rest';
const longestDelay = 10_000;

async function importQdrant(load: () => Promise<QdrantModule>): Promise<QdrantModule> {
  try {
    return await load();
  } catch (cause) {
    throw new ConfigError(`an index in Qdrant needs an optional package: npm install ${moduleName}`, {
      where: moduleName,
      cause,
    });
  }
}

function readKey(name: string | undefined, environment: NonNullable<QdrantSurroundings['environment']>) {
  if (name === undefined) return undefined;
  const key = environment[name];
  if (key === undefined || key === '') {
    throw new ConfigError(`the environment variable ${name} is not set; it must hold the API key of Qdrant`, {
      where: 'apiKeyEnv',
    });
  }
  return key;
}

/** What the client takes for a URL: it drops paths and does not tell 443 from no port. */
function addressOf(text: string): { url: string; port: number; prefix?: string } {
  let url: URL;
  try {
    url = new URL(text);
  } catch (cause) {
    throw new ConfigError('this is not a URL such as http://127.0.0.1:6333', { where: 'url', cause });
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new ConfigError('the URL of Qdrant begins with http:// or https://', { where: 'url' });
  }
  if (url.username !== '' || url.password !== '' || url.search !== '') {
    throw new ConfigError('the URL must hold no password and no query; use apiKeyEnv', { where: url.host });
  }
  const [, port = '6333'] = /^[a-z]+:\/\/[^/]*:(\d+)/i.exec(text) ?? [];
  const prefix = url.pathname.replace(/\/+$/, '');
  return { url: url.origin, port: Number(port), ...(prefix !== '' && { prefix }) };
}

const statusOf = (error: unknown) =>
  error instanceof Error && 'status' in error && typeof error.status === 'number' ? error.status : null;

/** What went wrong, from the server's own words where it had some. */
function describe(error: unknown, timeout: number): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'QdrantClientTimeoutError') return `no answer within ${timeout} ms`;
  const status = statusOf(error);
  if (status !== null) {
    const { data } = error as { data?: { status?: { error?: unknown } } };
    const words = typeof data?.status?.error === 'string' ? `: ${data.status.error.slice(0, 300)}` : '';
    return `status ${status}${words}`;
  }
  const { cause } = error;
  if (cause instanceof Error) return cause.message || ('code' in cause ? String(cause.code) : error.message);
  return error.message;
}

/** Whether another attempt may help: nothing came, or what came says so. Errors of our own making are of no use again. */
function mayPass(error: unknown): boolean {
  const status = statusOf(error);
  if (status !== null) return status === 408 || status === 429 || status >= 500;
  const names = ['QdrantClientTimeoutError', 'QdrantClientResourceExhaustedError', 'SyntaxError', 'TypeError'];
  return error instanceof Error && names.includes(error.name);
}

export interface QdrantConnection {
  place: QdrantPlace;
  /** Makes one call, again where that may help. @throws RetrieverError that says what could not be done. */
  call<T>(what: string, request: (client: Qdrant, collection: string) => Promise<T>): Promise<T>;
}

/** @throws ConfigError when the client is not installed, for a bad URL or option, and when the key is not there. */
export async function connectQdrant({
  url,
  collection,
  apiKeyEnv,
  environment = process.env,
  timeout = 30_000,
  retries = 3,
  backoff = 250,
  load = () => import(moduleName),
}: QdrantPlace & QdrantSurroundings & { load?: () => Promise<QdrantModule> }): Promise<QdrantConnection> {
  for (const [name, value, minimum] of [
    ['timeout', timeout, 1],
    ['retries', retries, 0],
    ['backoff', backoff, 0],
  ] as const) {
    if (!Number.isInteger(value) || value < minimum) {
      throw new ConfigError(`${name} must be an integer of at least ${minimum}, not ${value}`);
    }
  }
  if (!/^[^/\\\s?#]{1,255}$/.test(collection)) {
    throw new ConfigError('the name of a collection has no slashes and no white space', { where: collection });
  }
  const address = addressOf(url);
  const apiKey = readKey(apiKeyEnv, environment);
  const { QdrantClient } = await importQdrant(load);
  const client = new QdrantClient({
    ...address,
    timeout,
    checkCompatibility: false,
    ...(apiKey !== undefined && { headers: { 'api-key': apiKey } }),
  });
  const where = `${url.replace(/\/+$/, '')}/collections/${collection}`;
  return {
    place: { url, collection, ...(apiKeyEnv !== undefined && { apiKeyEnv }) },
    async call(what, request) {
      for (let attempt = 1; ; attempt++) {
        try {
          return await request(client, collection);
        } catch (cause) {
          const reason = describe(cause, timeout);
          if (!mayPass(cause)) throw new RetrieverError(`Qdrant cannot ${what} (${reason})`, { where, cause });
          if (attempt > retries) {
            const times = attempt === 1 ? 'one attempt' : `${attempt} attempts`;
            throw new RetrieverError(`Qdrant cannot ${what} (${reason}) after ${times}; does it run?`, {
              where,
              cause,
            });
          }
          await sleep(Math.min(longestDelay, backoff * 2 ** (attempt - 1)));
        }
      }
    },
  };
}

/** The status that the server refused a request with, null for other failures. */
export const refusalStatus = (error: unknown) => (error instanceof Error ? statusOf(error.cause) : null);
