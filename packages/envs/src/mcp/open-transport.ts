import { ConfigError } from '@dgpo/trajectory';
import { importMcpModule } from './import-client.js';

/** What carries the messages: any transport of `@modelcontextprotocol/sdk`. */
export interface McpTransport {
  start(): Promise<void>;
  send(message: object): Promise<void>;
  close(): Promise<void>;
}

/** How to reach an MCP server: a program to start and to talk to over its standard streams, an address on this machine, or a transport. */
export type McpServerAddress =
  | {
      /** The program. It gets a few variables of this process (such as PATH) and those of `env`. */
      command: string;
      args?: readonly string[];
      env?: Readonly<Record<string, string>>;
      cwd?: string;
      /** What the program writes to its standard error. @default 'ignore' */
      stderr?: 'ignore' | 'inherit';
    }
  | {
      /** A streamable HTTP endpoint on loopback, such as `http://127.0.0.1:8321/mcp`. */
      url: string;
      /** Such as an Authorization header; never logged. */
      headers?: Readonly<Record<string, string>>;
    }
  | { transport: McpTransport };

const loopback = ['127.0.0.1', 'localhost', '[::1]'];

/** `fetch` whose answers, refusals too, end with an error once they are longer than so many bytes; streams that the server opens for news stay open. */
function cappedFetch(maxBytes: number): typeof fetch {
  return async (input, init) => {
    const response = await fetch(input, init);
    const { body, status, statusText, headers } = response;
    const isNews = response.ok && (init?.method ?? 'GET') === 'GET';
    if (body === null || isNews) return response;
    let bytes = 0;
    const cap = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        bytes += chunk.byteLength;
        if (bytes > maxBytes) controller.error(new Error(`the answer is longer than ${maxBytes} bytes`));
        else controller.enqueue(chunk);
      },
    });
    return new Response(body.pipeThrough(cap), { status, statusText, headers });
  };
}

/** @throws ConfigError for an address that is none or not on loopback, and when the SDK is not installed */
export async function openTransport(options: { server: McpServerAddress; maxBytes: number }): Promise<McpTransport> {
  const { server, maxBytes } = options;
  if ('transport' in server) return server.transport;
  if ('command' in server) {
    const { command, args = [], env = {}, cwd, stderr = 'ignore' } = server;
    const { StdioClientTransport } = await importMcpModule('stdio');
    const place = cwd === undefined ? {} : { cwd };
    const limits = { stderr, maxBufferSize: maxBytes };
    return new StdioClientTransport({ command, args: [...args], env: { ...env }, ...place, ...limits }) as McpTransport;
  }
  if (!URL.canParse(server.url))
    throw new ConfigError(`expected a URL, found "${server.url}"`, { where: 'server.url' });
  const url = new URL(server.url);
  if (!/^https?:$/.test(url.protocol) || !loopback.includes(url.hostname)) {
    throw new ConfigError(
      `expected http://127.0.0.1:PORT/…, found ${url.protocol}//${url.host}: only servers on this machine`,
      { where: 'server.url' },
    );
  }
  const { StreamableHTTPClientTransport } = await importMcpModule('http');
  return new StreamableHTTPClientTransport(url, {
    fetch: cappedFetch(maxBytes),
    requestInit: { headers: { ...server.headers } },
  }) as McpTransport;
}
