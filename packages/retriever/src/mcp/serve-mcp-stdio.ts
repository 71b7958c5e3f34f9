import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import type { McpServer } from './create-mcp-server.js';
import { importMcpModule } from './import-sdk.js';

/**
 * Speaks the Model Context Protocol over standard input and output until the input ends or the signal is aborted. Nothing else may
 * write to the output.
 */
export async function serveMcpStdio({
  server,
  signal,
  input = process.stdin,
  output = process.stdout,
}: {
  server: McpServer;
  signal: AbortSignal;
  input?: Readable;
  output?: Writable;
}): Promise<void> {
  const { StdioServerTransport } = await importMcpModule('stdio');
  const ended = once(input, 'end', { signal }).catch(() => undefined);
  await server.connect(new StdioServerTransport(input, output));
  await ended;
  await server.close();
  // An open input would keep the process alive.
  input.destroy();
}
