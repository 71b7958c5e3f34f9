import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ConfigError, isDgpoError } from '@dgpo/trajectory';
import { isLoopback } from '../serve/is-loopback.js';
import type { ArtifactStore } from './artifact-store.js';
import type { WireJob } from './wire-job.js';

/** Options of {@link serveArtifacts}. */
export interface ServeArtifactsOptions {
  store: ArtifactStore;
  /** The job of an id, undefined when nobody waits for it; told which worker process begins it. */
  job: (id: string, by: string) => WireJob | undefined;
  /**
   * Takes the reply to a job; false when nobody waits for it.
   * @throws DgpoError when it is no reply
   */
  onReply: (id: string, body: Uint8Array) => Promise<boolean>;
  /** Beyond loopback, a token is required. @default '127.0.0.1' */
  host?: string;
  /** 0 takes a free one. @default 0 */
  port?: number;
  /** What workers send as bearer token. @default none, on loopback */
  token?: string | undefined;
  /** Longer replies are refused. @default 268435456 */
  maxReplyBytes?: number;
}

export interface ArtifactServer {
  /** Such as `http://127.0.0.1:8321`. */
  readonly url: string;
  close(): Promise<void>;
}

const digest = (text: string) => createHash('sha256').update(text).digest();

function answer(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain', ...(status === 413 ? { connection: 'close' } : {}) });
  response.end(`${text}\n`);
}

async function readBody(request: IncomingMessage, maxBytes: number): Promise<Uint8Array | undefined> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Uint8Array>) {
    bytes += part.length;
    if (bytes > maxBytes) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/**
 * Serves what workers need: `GET /jobs/<id>`, `GET /artifacts/<sha256>`, `PUT /results/<id>`.
 *
 * @throws ConfigError when it would listen beyond loopback without a token, and when the port cannot be had
 */
export async function serveArtifacts(options: ServeArtifactsOptions): Promise<ArtifactServer> {
  const { store, job, onReply, host = '127.0.0.1', port = 0, token, maxReplyBytes = 1 << 28 } = options;
  if (token !== undefined && token.trim() === '') throw new ConfigError('DGPO_WORKER_TOKEN is empty');
  if (token === undefined && !isLoopback(host)) {
    throw new ConfigError(
      `listening at ${host} opens weights and questions to the network: set DGPO_WORKER_TOKEN, here and for the workers, or use 127.0.0.1`,
      { where: 'rollouts.artifactsHost' },
    );
  }
  const expected = token === undefined ? undefined : digest(`Bearer ${token}`);

  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    // Browsers send these: no page has business here, whatever its host name resolves to.
    const { origin, 'sec-fetch-site': site } = request.headers;
    if (origin !== undefined || site !== undefined) return answer(response, 403, 'not for browsers');
    if (expected !== undefined && !timingSafeEqual(digest(request.headers.authorization ?? ''), expected)) {
      return answer(response, 401, 'a token is required');
    }
    const [, kind, id = '', ...rest] = (request.url ?? '').split('/');
    if (rest.length > 0) return answer(response, 404, 'unknown');
    if (request.method === 'GET' && kind === 'artifacts') {
      const artifact = store.find(id);
      if (artifact === undefined) return answer(response, 404, 'no such artifact');
      response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': artifact.bytes });
      return pipeline(Readable.from(artifact.read(), { objectMode: false }), response);
    }
    if (request.method === 'GET' && kind === 'jobs') {
      const found = job(id, String(request.headers['x-dgpo-worker'] ?? 'a worker'));
      if (found === undefined) return answer(response, 404, 'nobody waits for this job');
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(found));
      return;
    }
    if (request.method === 'PUT' && kind === 'results') {
      const body = await readBody(request, maxReplyBytes);
      if (body === undefined) return answer(response, 413, `more than ${maxReplyBytes} bytes`);
      const taken = await onReply(id, body);
      return answer(response, taken ? 200 : 404, taken ? 'taken' : 'nobody waits for this job');
    }
    return answer(response, 404, 'unknown');
  };

  const server = createServer({ requestTimeout: 600_000, headersTimeout: 30_000 }, (request, response) => {
    respond(request, response).catch((error: unknown) => {
      // Half an artifact must not look like a whole one.
      if (response.headersSent) response.destroy();
      else answer(response, isDgpoError(error) ? 400 : 500, isDgpoError(error) ? error.message : 'cannot be served');
    });
  });
  const actual = await new Promise<number>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const reason = cause.code === 'EADDRINUSE' ? 'another program listens there' : cause.message;
      reject(new ConfigError(`cannot listen for workers: ${reason}`, { where: `${host}:${port}`, cause }));
    });
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${actual}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
