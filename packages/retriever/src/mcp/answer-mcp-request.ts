import { requireLocalOrigin } from '../server/local-origin.js';
import { RequestError } from '../server/request-error.js';
import { createMcpServer, type McpServerOptions } from './create-mcp-server.js';
import { importMcpModule } from './import-sdk.js';

/**
 * Answers one message of the streamable HTTP transport without a session: every request has a server of its own, and the answer is
 * one JSON object. Requests of web pages from elsewhere are refused, as the protocol asks.
 * @throws RequestError for a request that does not fit.
 */
export async function answerMcpRequest({
  request,
  body,
  ...options
}: McpServerOptions & { request: Request; body: string }): Promise<Response> {
  requireLocalOrigin(request);
  let message: unknown;
  try {
    message = JSON.parse(body);
  } catch {
    throw new RequestError(400, 'the body is not JSON');
  }
  if (Array.isArray(message)) throw new RequestError(400, 'send one message at a time');
  const { WebStandardStreamableHTTPServerTransport } = await importMcpModule('http');
  const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true });
  const server = await createMcpServer(options);
  const leave = () => void server.close();
  request.signal.addEventListener('abort', leave, { once: true });
  try {
    await server.connect(transport);
    return await transport.handleRequest(request, { parsedBody: message });
  } finally {
    request.signal.removeEventListener('abort', leave);
    await server.close();
  }
}
