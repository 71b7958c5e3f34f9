import { createServer, type Server } from 'node:http';
import { ConfigError, RetrieverError } from '@dgpo/trajectory';
import { getRequestListener } from '@hono/node-server';
import type { RetrieverApp } from './retriever-server-options.js';

export interface ServeRetrieverOptions {
  /** Made by {@link createRetrieverServer}. */
  app: RetrieverApp;
  /**
   * The address to listen at. Beyond the loopback interface the application must ask for a token.
   * @default '127.0.0.1'
   */
  host?: string;
  /**
   * The port; 0 takes a free one.
   * @default 8000
   */
  port?: number;
  /**
   * How long a client may take to send its request, in milliseconds.
   * @default 30000
   */
  requestTimeout?: number;
  /**
   * A connection without any traffic for so long is cut, such as that of a client that does not read its answer, in milliseconds.
   * It must be longer than the time limit of the application, or slow searches are cut too.
   * @default 120000
   */
  idleTimeout?: number;
  /**
   * How long `close` waits for requests in progress before it cuts them off, in milliseconds.
   * @default 5000
   */
  grace?: number;
}

export interface RunningServer {
  /** Such as `http://127.0.0.1:8000`. */
  readonly url: string;
  readonly port: number;
  /** Takes no more requests (`/ready` is 503 at once), lets those in progress finish, and resolves when the port is free. */
  close(): Promise<void>;
}

const isLoopback = (host: string) => host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const advice =
        cause.code === 'EADDRINUSE'
          ? 'another program listens there; stop it or choose another port with --port'
          : cause.code === 'EACCES'
            ? 'the system does not allow it; choose a port of at least 1024 with --port'
            : cause.message;
      reject(new RetrieverError(`cannot listen: ${advice}`, { where: `${host}:${port}`, cause }));
    });
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

/**
 * Listens for requests to a retriever application.
 * @throws ConfigError when it would listen beyond loopback without a token; RetrieverError when the port is taken.
 */
export async function serveRetriever({
  app,
  host = '127.0.0.1',
  port = 8000,
  requestTimeout = 30_000,
  idleTimeout = 120_000,
  grace = 5_000,
}: ServeRetrieverOptions): Promise<RunningServer> {
  if (!isLoopback(host) && !app.requiresToken) {
    throw new ConfigError(
      `listening at ${host} opens the corpus to the network: give the server a token (--token-env NAME) or use 127.0.0.1`,
    );
  }
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new ConfigError(`the port must be an integer from 0 to 65535, not ${port}`);
  }
  const server = createServer(
    { requestTimeout, headersTimeout: requestTimeout, connectionsCheckingInterval: Math.min(requestTimeout, 5_000) },
    getRequestListener(app.fetch),
  );
  server.timeout = idleTimeout;
  // Clients keep connections for a while; one that the server closes first looks to them like a lost request.
  server.keepAliveTimeout = idleTimeout;
  const listeningPort = await listen(server, host, port);
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${listeningPort}`,
    port: listeningPort,
    close: () =>
      new Promise((resolve) => {
        app.stopAccepting();
        const cutOff = setTimeout(() => server.closeAllConnections(), grace);
        // A connection whose last request has just ended would otherwise stay open for the next one.
        const sweep = setInterval(() => server.closeIdleConnections(), 20);
        server.close(() => {
          clearTimeout(cutOff);
          clearInterval(sweep);
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}
