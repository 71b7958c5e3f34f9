import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { ConfigError } from '@dgpo/trajectory';
import type { ApiErrorReply } from './api.js';
import { createEventStreams } from './event-stream.js';
import { guardRequest, securityHeaders } from './guard-request.js';
import { openPageFiles } from './page-files.js';
import { ViewerError } from './viewer-error.js';
import { viewerRoutes } from './viewer-routes.js';
import { openWorkspace } from './workspace.js';

export interface ServeViewerOptions {
  /** The folder whose runs are shown; nothing outside it is read, and nothing is written. */
  directory: string;
  /** The built page. */
  pageDirectory: string;
  /** 0 takes a free one. @default 0 */
  port?: number;
  /** How often files and folders are looked at, in milliseconds. @default 1000 */
  interval?: number;
  /** Gets one line for each request that failed inside the server. @default console.warn */
  logger?: (message: string) => void;
}

export interface RunningViewer {
  /** Such as `http://127.0.0.1:4173`. */
  readonly url: string;
  /** Ends the connections and resolves when the port is free. */
  close(): Promise<void>;
}

const requestMilliseconds = 30_000;
const longestUrl = 16_384;

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const taken = cause.code === 'EADDRINUSE';
      const reason = taken ? 'another program listens there; choose another port with --port' : cause.message;
      reject(new ConfigError(`cannot listen: ${reason}`, { where: `127.0.0.1:${port}`, cause }));
    });
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

function sendJson(response: ServerResponse, status: number, value: object): void {
  const body = Buffer.from(JSON.stringify(value));
  response.writeHead(status, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': body.length,
    'Cache-Control': 'no-store',
    ...(status === 405 ? { Allow: 'GET' } : {}),
  });
  response.end(body);
}

/**
 * Serves the page and the API of the viewer on 127.0.0.1: `GET` alone, for pages of this server alone.
 *
 * @throws ConfigError where there is no such folder, the page is not built, or the port cannot be had
 */
export async function serveViewer(options: ServeViewerOptions): Promise<RunningViewer> {
  const { directory, pageDirectory, port = 0, interval, logger = console.warn } = options;
  const pageFiles = openPageFiles(pageDirectory);
  const workspace = await openWorkspace({ directory, ...(interval === undefined ? {} : { interval }) });
  const routes = viewerRoutes(workspace);
  const events = createEventStreams(workspace);
  let actual = port;

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value);
    guardRequest(request, actual);
    const target = request.url ?? '/';
    if (target.length > longestUrl) throw new ViewerError(400, 'the address is too long');
    const { pathname, searchParams } = new URL(target, `http://127.0.0.1:${actual}`);
    if (pathname === '/api/events') return events.open(response);
    const route = routes.get(pathname);
    if (route !== undefined) return sendJson(response, 200, await route(searchParams));
    const file = pathname.startsWith('/api/') ? undefined : pageFiles(pathname);
    if (file === undefined) throw new ViewerError(404, `there is no ${pathname.slice(0, 200)} here`);
    const body = await file.read();
    response.writeHead(200, {
      'Content-Type': file.contentType,
      'Content-Length': body.length,
      'Cache-Control': file.isImmutable ? 'public, max-age=31536000, immutable' : 'no-cache',
    });
    response.end(body);
  };
  const refuse = (request: IncomingMessage, response: ServerResponse, error: unknown): void => {
    const known = error instanceof ViewerError ? error : undefined;
    if (known === undefined) {
      const reason = error instanceof Error ? error.message : String(error);
      logger(`${request.method} ${request.url?.slice(0, 200)}: ${reason}`);
    }
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const reply: ApiErrorReply = { error: { message: known?.message ?? 'the request failed inside the server' } };
    sendJson(response, known?.status ?? 500, reply);
  };

  const server = createServer(
    { requestTimeout: requestMilliseconds, headersTimeout: requestMilliseconds, connectionsCheckingInterval: 5000 },
    (request, response) => {
      answer(request, response).catch((error: unknown) => refuse(request, response, error));
    },
  );
  server.maxConnections = 256;
  const close = async () => {
    events.close();
    const closed = new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
    server.closeIdleConnections();
    const cutOff = setTimeout(() => server.closeAllConnections(), 500);
    await Promise.all([closed, workspace.close()]);
    clearTimeout(cutOff);
  };
  try {
    actual = await listen(server, port);
  } catch (error) {
    events.close();
    await workspace.close();
    throw error;
  }
  return { url: `http://127.0.0.1:${actual}`, close };
}
