import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { afterEach, describe, expect, it } from 'vitest';
import { createBm25Retriever } from '../bm25/bm25-retriever.js';
import type { Retriever } from '../retriever.js';
import { createRetrieverServer } from '../server/create-retriever-server.js';
import { serveRetriever } from '../server/serve-retriever.js';
import { createMcpServer, type McpServerOptions } from './create-mcp-server.js';

const documents = [
  { id: 'peru', contents: '"Peru"\nThe capital of Peru is Lima.' },
  { id: 'chile', contents: '"Chile"\nThe capital of Chile is Santiago.' },
];
const retriever = createBm25Retriever({ documents });
const indexed = {
  ...retriever,
  lookUp: async (ids: readonly string[]) => ids.map((id) => documents.find((document) => document.id === id)),
};
// A retriever that cannot look passages up, such as a client.
const bare: Retriever = { retrieve: (options) => retriever.retrieve(options) };

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function connected(options: Partial<McpServerOptions> = {}) {
  const client = new Client({ name: 'test', version: '1' });
  const [near, far] = InMemoryTransport.createLinkedPair();
  const server = await createMcpServer({ retriever: bare, ...options });
  await server.connect(far);
  await client.connect(near);
  closing.push(() => server.close());
  return client;
}

describe('createMcpServer', () => {
  it('offers search, and open when the retriever looks passages up', async () => {
    const { tools } = await (await connected({ description: 'Capitals.' })).listTools();
    expect(tools.map(({ name }) => name)).toEqual(['search']);
    expect(tools[0]).toMatchObject({
      description: 'Capitals.',
      inputSchema: {
        properties: { query: { type: 'string' }, topk: { default: 3, maximum: 50 } },
        required: ['query'],
      },
      annotations: { readOnlyHint: true },
    });
    const both = await (await connected({ retriever: indexed })).listTools();
    expect(both.tools.map(({ name }) => name)).toEqual(['search', 'open']);
  });

  it('answers a search as text and as data', async () => {
    const client = await connected();
    const answer = await client.callTool({ name: 'search', arguments: { query: 'capital of Peru', topk: 1 } });
    expect(answer.content).toEqual([{ type: 'text', text: 'Peru (id peru)\nThe capital of Peru is Lima.' }]);
    expect(answer.structuredContent).toEqual({
      result: [{ id: 'peru', title: 'Peru', text: 'The capital of Peru is Lima.', score: expect.any(Number) }],
    });
    const none = await client.callTool({ name: 'search', arguments: { query: 'zzz' } });
    expect(none.content).toEqual([{ type: 'text', text: 'nothing found' }]);
    expect(none.structuredContent).toEqual({ result: [] });
  });

  it('opens a passage by its id', async () => {
    const client = await connected({ retriever: indexed });
    const answer = await client.callTool({ name: 'open', arguments: { id: 'chile' } });
    expect(answer.structuredContent).toEqual({
      id: 'chile',
      title: 'Chile',
      text: 'The capital of Chile is Santiago.',
    });
    expect(await client.callTool({ name: 'open', arguments: { id: 'x' } })).toMatchObject({
      isError: true,
      content: [{ text: 'there is no passage with the id x' }],
    });
  });

  it.each([
    { topk: 1 },
    { query: '' },
    { query: 'x', topk: 51 },
    { query: 'x', topk: 1.5 },
    { query: 'x'.repeat(32_769) },
  ])('refuses %.40j', async (given) => {
    expect(await (await connected()).callTool({ name: 'search', arguments: given })).toMatchObject({ isError: true });
  });

  it('keeps inner details in the log, and gives up in time', async () => {
    const lines: string[] = [];
    const broken: Retriever = { retrieve: () => Promise.reject(new Error('secret path')) };
    const client = await connected({ retriever: broken, logger: (line) => lines.push(line) });
    const answer = await client.callTool({ name: 'search', arguments: { query: 'x' } });
    expect(answer).toMatchObject({ isError: true });
    expect(JSON.stringify(answer)).not.toContain('secret');
    expect(lines).toEqual(['tool search: secret path']);
    const stuck = await connected({ retriever: { retrieve: () => new Promise(() => undefined) }, timeout: 20 });
    expect(await stuck.callTool({ name: 'search', arguments: { query: 'x' } })).toMatchObject({
      isError: true,
      content: [{ text: expect.stringMatching(/longer than 20 ms/) }],
    });
  });

  it('refuses limits it cannot use', async () => {
    await expect(createMcpServer({ retriever, topK: 0 })).rejects.toThrow(/topK/);
    await expect(createMcpServer({ retriever, topK: 9, maxTopK: 8 })).rejects.toThrow(/must not exceed/);
  });
});

describe('POST /mcp', () => {
  const post = (app: ReturnType<typeof createRetrieverServer>, body: string, headers: Record<string, string> = {}) =>
    app.request('/mcp', {
      method: 'POST',
      body,
      headers: { 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream', ...headers },
    });

  it('answers the client of the SDK, with the token', async () => {
    const app = createRetrieverServer({ retriever: indexed, mcp: true, token: 'abc' });
    const server = await serveRetriever({ app, port: 0 });
    closing.push(() => server.close());
    const connect = async (token: string) => {
      const client = new Client({ name: 'test', version: '1' });
      const requestInit = { headers: { Authorization: `Bearer ${token}` } };
      // The types of the SDK do not fit each other under exactOptionalPropertyTypes.
      const transport = new StreamableHTTPClientTransport(new URL(`${server.url}/mcp`), { requestInit }) as Transport;
      await client.connect(transport);
      closing.push(() => client.close());
      return client;
    };
    await expect(connect('wrong')).rejects.toThrow();
    const client = await connect('abc');
    const searches = await Promise.all(
      ['Peru', 'Chile'].map((query) => client.callTool({ name: 'search', arguments: { query, topk: 1 } })),
    );
    expect(searches).toMatchObject([
      { structuredContent: { result: [{ id: 'peru' }] } },
      { structuredContent: { result: [{ id: 'chile' }] } },
    ]);
    expect(await client.callTool({ name: 'open', arguments: { id: 'peru' } })).toMatchObject({
      structuredContent: { title: 'Peru' },
    });
  });

  it('refuses batches, bad messages and web pages from elsewhere', async () => {
    const app = createRetrieverServer({ retriever, mcp: true });
    const list = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' });
    expect((await post(app, list, { Origin: 'https://evil.example' })).status).toBe(403);
    expect((await post(app, list, { Origin: 'http://localhost.evil.example' })).status).toBe(403);
    expect((await post(app, list, { Origin: 'http://localhost:3000' })).status).toBe(200);
    expect((await post(app, `[${list}]`)).status).toBe(400);
    expect((await post(app, '{')).status).toBe(400);
    expect((await app.request('/mcp')).status).toBe(405);
  });
});
