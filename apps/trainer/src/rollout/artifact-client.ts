import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigError, ModelError } from '@dgpo/trajectory';
import type { Blob } from './wire-job.js';

/** Options of {@link createArtifactClient}. */
export interface ArtifactClientOptions {
  /** Address of the trainer, such as `http://trainer:8321`. */
  url: string;
  /** The bearer token; it appears in no message. */
  token?: string | undefined;
  /** Name of this worker process. */
  worker: string;
  /** Larger artifacts are refused before a byte of them is kept. @default 17179869184 */
  maxArtifactBytes?: number;
  /** How long a trainer that does not answer is asked again, in milliseconds. @default 60000 */
  patience?: number;
  /** Milliseconds without a byte after which a connection counts as broken. @default 30000 */
  stallTimeout?: number;
  signal?: AbortSignal | undefined;
}

/** The trainer as its workers see it. */
export interface ArtifactClient {
  /** Bytes of a job; undefined when nobody waits for it any more. */
  job(id: string): Promise<Uint8Array | undefined>;
  /**
   * Hands over the bytes of an artifact piece by piece.
   * @throws ModelError when it is not there, too large, or its hash is another one: what was handed over then is worthless
   */
  artifact(
    blob: Blob,
    onPiece: (piece: Uint8Array) => Promise<void> | void,
    onStart: () => Promise<void> | void,
  ): Promise<void>;
  /** Sends the reply to a job; false when nobody waits for it. */
  reply(id: string, body: Uint8Array): Promise<boolean>;
}

/** A wrong token: nothing that this worker asks for will be answered. */
export class WrongToken extends ConfigError {}

/** An answer that asking again does not change. */
class Final extends Error {
  constructor(readonly error: Error) {
    super(error.message);
  }
}

/** Longer descriptions of jobs are refused. */
const maxJobBytes = 1 << 28;

export function createArtifactClient(options: ArtifactClientOptions): ArtifactClient {
  const { token, worker, patience = 60_000, stallTimeout = 30_000, maxArtifactBytes = 2 ** 34, signal } = options;
  const base = options.url.replace(/\/+$/, '');
  if (!URL.canParse(base) || !/^https?:$/.test(new URL(base).protocol) || new URL(base).username !== '') {
    throw new ConfigError('the address of the trainer must look like http://host:8321', { where: '--artifacts' });
  }
  const headers = { 'x-dgpo-worker': worker, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };

  /** One request; the connection counts as broken when nothing comes for a while. */
  async function request<T>(
    path: string,
    init: { method?: string; body?: Uint8Array },
    read: (response: Response, alive: () => void) => Promise<T>,
  ): Promise<T> {
    const stalled = new AbortController();
    const watch = () =>
      setTimeout(() => stalled.abort(new Error(`no answer for ${stallTimeout / 1000} s`)), stallTimeout);
    let timer = watch();
    const alive = () => {
      clearTimeout(timer);
      timer = watch();
    };
    try {
      const response = await fetch(`${base}${path}`, {
        ...(init as RequestInit),
        headers,
        redirect: 'error',
        signal: signal === undefined ? stalled.signal : AbortSignal.any([signal, stalled.signal]),
      });
      if (response.status === 401) {
        await response.body?.cancel();
        throw new Final(
          new WrongToken('the trainer asks for another token; set DGPO_WORKER_TOKEN to that of the trainer', {
            where: base,
          }),
        );
      }
      if (response.status >= 500) throw new Error(`it answered ${response.status}`);
      return await read(response, alive);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Asks again while the trainer does not answer. */
  async function patiently<T>(ask: () => Promise<T>): Promise<T> {
    const end = performance.now() + patience;
    for (let pause = 200; ; pause = Math.min(2 * pause, 5000)) {
      try {
        return await ask();
      } catch (error) {
        if (error instanceof Final) throw error.error;
        signal?.throwIfAborted();
        if (performance.now() + pause > end) {
          const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
          throw new ModelError(
            `the trainer does not answer (${cause instanceof Error ? cause.message : String(cause)})`,
            {
              where: base,
            },
          );
        }
        await sleep(pause, undefined, signal === undefined ? {} : { signal });
      }
    }
  }

  async function collect(response: Response, alive: () => void, maxBytes: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    let bytes = 0;
    for await (const part of response.body ?? []) {
      alive();
      bytes += part.length;
      if (bytes > maxBytes)
        throw new Final(new ModelError(`the trainer sends more than ${maxBytes} bytes`, { where: base }));
      parts.push(part);
    }
    return Buffer.concat(parts);
  }

  return {
    job: (id) =>
      patiently(() =>
        request(`/jobs/${encodeURIComponent(id)}`, {}, async (response, alive) => {
          const body = await collect(response, alive, maxJobBytes);
          if (response.status === 404) return undefined;
          if (!response.ok) throw new Final(new ModelError(`the trainer answered ${response.status}`, { where: base }));
          return body;
        }),
      ),
    artifact: async (blob, onPiece, onStart) => {
      const where = `artifact ${blob.sha256}`;
      if (blob.bytes > maxArtifactBytes) {
        throw new ModelError(`has ${blob.bytes} bytes, more than the ${maxArtifactBytes} that this worker takes`, {
          where,
        });
      }
      await patiently(async () => {
        const hash = createHash('sha256');
        let bytes = 0;
        await onStart();
        await request(`/artifacts/${blob.sha256}`, {}, async (response, alive) => {
          if (!response.ok) {
            await response.body?.cancel();
            throw new Final(new ModelError('the trainer does not have it', { where }));
          }
          for await (const piece of response.body ?? []) {
            alive();
            bytes += piece.length;
            if (bytes > blob.bytes) throw new Final(new ModelError('is longer than announced', { where }));
            hash.update(piece);
            await onPiece(piece);
          }
        });
        if (bytes < blob.bytes) throw new Error(`it ended after ${bytes} of ${blob.bytes} bytes`);
        if (hash.digest('hex') !== blob.sha256) {
          throw new Final(new ModelError('arrived with another hash than announced', { where }));
        }
      });
    },
    reply: (id, body) =>
      patiently(() =>
        request(`/results/${encodeURIComponent(id)}`, { method: 'PUT', body }, async (response, alive) => {
          const text = Buffer.from(await collect(response, alive, 1 << 16))
            .toString('utf8')
            .trim();
          if (response.status === 404) return false;
          if (!response.ok) throw new Final(new ModelError(`the trainer refuses the result: ${text}`, { where: base }));
          return true;
        }),
      ),
  };
}
