import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { CallToolRequestSchema, ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js';

type Properties = Record<string, { type: string }>;

const tool = (name: string, properties: Properties, required: string[] = Object.keys(properties)) => ({
  name,
  description: `The tool ${name}.`,
  inputSchema: { type: 'object' as const, properties, required },
});

/** The first page of the list, and the second. */
const pages = [
  [
    tool('echo', { text: { type: 'string' } }),
    tool('add', { a: { type: 'number' }, b: { type: 'number' } }),
    tool('search', { query: { type: 'string' }, topk: { type: 'integer' } }, ['query']),
    tool('open', { id: { type: 'string' } }),
  ],
  [tool('lines', { query: { type: 'string' } }), tool('fail', {}), tool('hang', {}), tool('flood', {})],
];

const text = (...texts: string[]) => ({ content: texts.map((part) => ({ type: 'text' as const, text: part })) });

const documents = [
  { id: 'peru', title: 'Peru', text: 'In Peru people pay with the sol.', score: 2 },
  { id: 'lima', title: 'Lima', text: 'Lima is the capital of Peru.', score: 1 },
];

/** A server of a few tools, ready to be connected. */
export function createTinyServer(): Server {
  const server = new Server({ name: 'tiny', version: '1.0.0' }, { capabilities: { tools: {} } });
  server.setRequestHandler(ListToolsRequestSchema, ({ params }) =>
    params?.cursor === '1' ? { tools: pages[1] ?? [] } : { tools: pages[0] ?? [], nextCursor: '1' },
  );
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, { signal }) => {
    const { name, arguments: given = {} } = params;
    switch (name) {
      case 'echo':
        return text(String(given.text));
      case 'add':
        return text(String(Number(given.a) + Number(given.b)));
      case 'search':
        if (given.query === 'forbidden') return { ...text('this query is not allowed'), isError: true };
        return { ...text('found'), structuredContent: { result: documents.slice(0, Number(given.topk)) } };
      case 'open': {
        const found = documents.find(({ id }) => id === given.id);
        if (found === undefined) return { ...text('there is no such document'), isError: true };
        return { ...text(found.text), structuredContent: { ...found, text: `${found.text} And much more.` } };
      }
      case 'lines':
        return {
          content: [
            ...text(`Title ${given.query}\nfirst`, 'Other\nsecond').content,
            { type: 'image' as const, data: '', mimeType: 'image/png' },
          ],
        };
      case 'flood':
        return text('🗼'.repeat(100_000));
      case 'hang':
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        return text('too late');
      default:
        throw new Error('the tool broke');
    }
  });
  return server;
}
