import { createServer, type Server } from 'node:http';
import { ConfigError } from '@dgpo/trajectory';
import { getRequestListener } from '@hono/node-server';
import type { ModelServer } from './create-model-server.js';
import { isLoopback } from './is-loopback.js';

export interface ServeModelOptions {
  /** Made by {@link createModelServer}. */
  server: ModelServer;
  /** The address to listen at. Beyond the loopback interface the server must ask for a key. @default '127.0.0.1' */
  host?: string;
  /** 0 takes a free one. @default 8000 */
  port?: number;
  /** How long a client may take to send its request, in milliseconds. @default 30000 */
  requestTimeout?: number;
  /** How long `close` waits for requests in progress before it calls them off, in milliseconds. @default 10000 */
  grace?: number;
}

export interface RunningModelServer {
  /** Such as `http://127.0.0.1:8000`. */
  readonly url: string;
  /** Takes no more requests, lets those in progress finish, and resolves when the port is free. */
  close(): Promise<void>;
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const taken = cause.code === 'EADDRINUSE';
      const reason = taken ? 'another program listens there; choose another port with --port' : cause.message;
      reject(new ConfigError(`cannot listen: ${reason}`, { where: `${host}:${port}`, cause }));
    });
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

/**
 * Listens for requests to a model.
 *
 * @throws {ConfigError} when it would listen beyond loopback without a key, and when the port cannot be had
 */
export async function serveModel(options: ServeModelOptions): Promise<RunningModelServer> {
  const { server: served, host = '127.0.0.1', port = 8000, requestTimeout = 30_000, grace = 10_000 } = options;
  if (!isLoopback(host) && !served.requiresKey) {
    throw new ConfigError(
      `listening at ${host} opens the model to the network: give the server a key (--api-key or DGPO_API_KEY) or use 127.0.0.1`,
    );
  }
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new ConfigError(`the port must be an integer from 0 to 65535, not ${port}`);
  }
  const http = createServer(
    { requestTimeout, headersTimeout: requestTimeout, connectionsCheckingInterval: Math.min(requestTimeout, 5_000) },
    getRequestListener(served.app.fetch),
  );
  const actual = await listen(http, host, port);
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${actual}`,
    close: async () => {
      const closed = new Promise<void>((resolve) => {
        http.close(() => resolve());
      });
      const callOff = setTimeout(() => served.abort(), grace);
      // A connection whose last request has just ended would otherwise stay open for the next one.
      const sweep = setInterval(() => http.closeIdleConnections(), 20);
      http.closeIdleConnections();
      await served.drain();
      clearTimeout(callOff);
      // What is left to send is sent within the same time.
      const cutOff = setTimeout(() => http.closeAllConnections(), grace);
      await closed;
      clearInterval(sweep);
      clearTimeout(cutOff);
    },
  };
}
