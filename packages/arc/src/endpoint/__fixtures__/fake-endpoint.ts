import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a request to the fake server holds. */
export interface FakeRequest {
  path: string;
  body: Record<string, unknown> & { messages: { role: string; content: string }[]; queries: string[] };
  authorization: string | undefined;
}

/** What it answers: a completion with this text, another body, a status, or nothing at all. */
export type FakeReply =
  | string
  | { status?: number; body?: unknown; raw?: string; headers?: Record<string, string> }
  | 'hang';

/** An HTTP server in this process that answers as told and keeps what it was asked. */
export async function openFakeEndpoint(answer: (request: FakeRequest, count: number) => FakeReply) {
  const requests: FakeRequest[] = [];
  const server = createServer(async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    let text = '';
    for await (const chunk of incoming) text += chunk;
    const request: FakeRequest = {
      path: incoming.url ?? '',
      body: JSON.parse(text),
      authorization: incoming.headers.authorization,
    };
    requests.push(request);
    const reply = answer(request, requests.length);
    if (reply === 'hang') return;
    const { status = 200, body, raw, headers } = typeof reply === 'string' ? { body: completion(reply) } : reply;
    outgoing.writeHead(status, { 'Content-Type': 'application/json', ...headers });
    outgoing.end(raw ?? JSON.stringify(body ?? { error: { message: `status ${status}` } }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const completion = (content: string) => ({
  choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
});
