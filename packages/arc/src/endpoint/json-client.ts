import { setTimeout as wait } from 'node:timers/promises';
import { ConfigError } from '@dgpo/trajectory';

/** How a server is asked, and how long. */
export interface JsonClientOptions {
  /** Name of the environment variable that holds the key, sent as `Authorization: Bearer`; the key is never part of a message. @default no key */
  apiKeyVariable?: string;
  /** Where that name is looked up. @default process.env */
  environment?: Readonly<Record<string, string | undefined>>;
  /** How long one attempt may take, its whole body included, in milliseconds. @default 120000 */
  timeout?: number;
  /** Further attempts after a network error, a timeout, a broken body, 408, 429 and 5xx. @default 4 */
  retries?: number;
  /** First wait between attempts, in milliseconds; it doubles up to a minute. A longer `Retry-After` is honoured up to that. @default 500 */
  backoff?: number;
  /** Largest reply, in bytes. @default 16777216 */
  maxBodyBytes?: number;
  /** @default globalThis.fetch */
  fetch?: typeof globalThis.fetch;
}

const longestWait = 60_000;

/** A request that got no usable answer. */
export class RequestProblem extends Error {
  override readonly name = 'RequestProblem';
  /** The status with which the server refused, null where there was none. */
  readonly status: number | null;
  constructor(message: string, status: number | null) {
    super(message);
    this.status = status;
  }
}

/** Posts JSON and returns JSON, with retries. Throws RequestProblem. */
type PostJson = (url: string, body: object) => Promise<unknown>;

/**
 * The address of a server without a slash at its end.
 *
 * @throws ConfigError if it is none, or holds a password or a query.
 */
export function serverUrl(text: string): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch (cause) {
    throw new ConfigError('this is not a URL such as http://127.0.0.1:8000', { where: text, cause });
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new ConfigError('the URL of a server begins with http:// or https://', { where: text });
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new ConfigError('the URL must hold no password and no query; name a variable with the key', {
      where: url.host,
    });
  }
  return url.href.replace(/\/+$/, '');
}

/** @throws ConfigError for an option out of range, and for a key that is not set. */
export function createJsonClient(options: JsonClientOptions): PostJson {
  const { timeout = 120_000, retries = 4, backoff = 500, maxBodyBytes = 16 << 20, fetch = globalThis.fetch } = options;
  requireWhole({ timeout, maxBodyBytes }, 1);
  requireWhole({ retries, backoff }, 0);
  const key = keyOf(options);
  // A server may repeat the key in what it answers.
  const withoutKey = (text: string) => (key === undefined ? text : text.replaceAll(key, '***'));

  async function attempt(url: string, body: string): Promise<{ answer: unknown } | { failure: string; pause: number }> {
    const signal = AbortSignal.timeout(timeout);
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: {
          'Content-Type': 'application/json',
          ...(key === undefined ? {} : { Authorization: `Bearer ${key}` }),
        },
        body,
        redirect: 'error',
        signal,
      });
      const text = await readText(response, maxBodyBytes);
      if (response.ok) return { answer: JSON.parse(text) };
      const { status } = response;
      const failure = withoutKey(`status ${status}${messageOf(text)}`);
      if (status !== 408 && status !== 429 && status < 500) throw new RequestProblem(failure, status);
      return { failure, pause: 1000 * (Number(response.headers.get('Retry-After')) || 0) };
    } catch (error) {
      if (error instanceof RequestProblem) throw error;
      return { failure: signal.aborted ? `no answer within ${timeout} ms` : withoutKey(describe(error)), pause: 0 };
    }
  }

  return async (url, body) => {
    const text = JSON.stringify(body);
    for (let failed = 0; ; failed++) {
      const outcome = await attempt(url, text);
      if ('answer' in outcome) return outcome.answer;
      if (failed >= retries) {
        throw new RequestProblem(`${outcome.failure}${failed === 0 ? '' : ` (${failed + 1} attempts)`}`, null);
      }
      await wait(Math.min(longestWait, Math.max(backoff * 2 ** failed, outcome.pause)));
    }
  };
}

function keyOf({ apiKeyVariable, environment = process.env }: JsonClientOptions): string | undefined {
  if (apiKeyVariable === undefined) return undefined;
  const key = environment[apiKeyVariable]?.trim() ?? '';
  if (key === '') {
    throw new ConfigError(`the environment variable ${apiKeyVariable} is not set`, { where: 'apiKeyVariable' });
  }
  return key;
}

function requireWhole(values: Record<string, number>, least: number): void {
  for (const [name, value] of Object.entries(values)) {
    if (!Number.isSafeInteger(value) || value < least) {
      throw new ConfigError(`must be a whole number of at least ${least}, not ${value}`, { where: name });
    }
  }
}

async function readText(response: Response, maxBytes: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  const reader = response.body?.getReader();
  for (let read = await reader?.read(); read?.value !== undefined; read = await reader?.read()) {
    bytes += read.value.byteLength;
    if (bytes > maxBytes) {
      await reader?.cancel();
      throw new RequestProblem(`the reply is larger than ${maxBytes} bytes`, response.status);
    }
    text += decoder.decode(read.value, { stream: true });
  }
  return text + decoder.decode();
}

/** What an error of the API says of itself, as the end of a sentence. */
function messageOf(text: string): string {
  let message = text;
  try {
    const { error, message: plain } = JSON.parse(text) as { error?: { message?: unknown }; message?: unknown };
    message = String(error?.message ?? plain ?? text);
  } catch {
    // Not an error of the API: the body itself says most.
  }
  return message.trim() === '' ? '' : `: ${message.slice(0, 300)}`;
}

/** What went wrong below `fetch`, whose own message is only "fetch failed". */
function describe(error: unknown): string {
  if (error instanceof SyntaxError) return 'the reply is not JSON';
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  return cause.message !== '' ? cause.message : 'code' in cause ? String(cause.code) : error.message;
}
