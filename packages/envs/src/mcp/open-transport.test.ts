import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ConfigError } from '@dgpo/trajectory';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { afterEach, expect, test } from 'vitest';
import { callOf } from './__fixtures__/call-of.js';
import { createTinyServer } from './__fixtures__/tiny-server.js';
import { connectMcpTools } from './connect-mcp-tools.js';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function serve(answer?: (path: string) => { status: number; body: string }) {
  const seen: (string | undefined)[] = [];
  const http = createServer(async (request, response) => {
    seen.push(request.headers.authorization);
    const own = answer?.(request.url ?? '');
    if (own !== undefined) {
      response.writeHead(own.status, { 'content-type': 'application/json' }).end(own.body);
      return;
    }
    const transport = new StreamableHTTPServerTransport({});
    const server = createTinyServer();
    response.on('close', () => server.close());
    await server.connect(transport as Transport);
    await transport.handleRequest(request, response);
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  closing.push(() => new Promise((resolve) => http.close(resolve).closeAllConnections()));
  return { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`, seen };
}

test('a server on this machine is asked, with its headers', async () => {
  const { url, seen } = await serve();
  const server = { url, headers: { authorization: 'Bearer secret' } };
  const connection = await connectMcpTools({ server });
  closing.push(() => connection.close());
  expect(await callOf(connection)('echo', { text: 'over HTTP' })).toMatchObject({ text: 'over HTTP' });
  expect(new Set(seen)).toEqual(new Set(['Bearer secret']));
});

test('a message that is too long is a failure', async () => {
  const { url } = await serve();
  const connection = await connectMcpTools({ server: { url }, maxMessageBytes: 50_000, timeout: 2000 });
  closing.push(() => connection.close());
  expect(await callOf(connection)('flood')).toMatchObject({ isError: true });
  expect(await callOf(connection)('echo', { text: 'still here' })).toMatchObject({ text: 'still here' });
});

test('a server that speaks something else is one clear error', async () => {
  const { url } = await serve(() => ({ status: 500, body: 'no' }));
  await expect(connectMcpTools({ server: { url } })).rejects.toThrow(/MCP server: there is no connection/);
});

test('a refusal that never ends is cut off, and its text is no novel', async () => {
  const chunk = 'x'.repeat(1 << 16);
  let sent = 0;
  const http = createServer((_request, response) => {
    response.writeHead(500);
    response.on('drain', () => response.write(chunk, () => (sent += chunk.length)));
    response.write(chunk);
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  closing.push(() => new Promise((resolve) => http.close(resolve).closeAllConnections()));
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`;
  const refused = connectMcpTools({ server: { url }, maxMessageBytes: 100_000, timeout: 5000 });
  await expect(refused).rejects.toThrow(/^MCP server: there is no connection.{0,600}$/s);
  // The cap, and what the sockets hold.
  expect(sent).toBeLessThan(1 << 25);
});

test.each([
  ['http://example.org/mcp', /expected http:\/\/127\.0\.0\.1:PORT\/…, found http:\/\/example\.org/],
  ['http://127.0.0.1.example.org/mcp', /only servers on this machine/],
  ['file:///etc/passwd', /only servers on this machine/],
  ['nonsense', /expected a URL, found "nonsense"/],
])('%s is refused', async (url, message) => {
  await expect(connectMcpTools({ server: { url } })).rejects.toThrow(ConfigError);
  await expect(connectMcpTools({ server: { url } })).rejects.toThrow(message);
});
