import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { describe, expect, it } from 'vitest';

const corpus = fileURLToPath(new URL('../__fixtures__/hotpotqa-12/corpus.jsonl', import.meta.url));
const command = new URL('./mcp-command.ts', import.meta.url).href;

/** The command alone, as the process of `dgpo-retriever mcp` runs it. */
const script = `
  const { mcpCommand } = await import(${JSON.stringify(command)});
  const surroundings = {
    writeOut: (text) => process.stdout.write(text),
    writeError: (text) => process.stderr.write(text),
    environment: process.env,
    signal: new AbortController().signal,
  };
  await mcpCommand(surroundings).parseAsync(process.argv.slice(1), { from: 'user' });
`;

describe('dgpo-retriever mcp', () => {
  it('answers the client of the SDK over standard input and output, and ends with it', async () => {
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: [
        ...['--import', 'tsx', '--conditions=@dgpo/source', '--input-type=module', '-e', script, '--'],
        ...[corpus, '--topk', '2', '--about', 'spirits'],
      ],
      cwd: fileURLToPath(new URL('../../../..', import.meta.url)),
      stderr: 'inherit',
    });
    const client = new Client({ name: 'test', version: '1' });
    const failures: Error[] = [];
    await client.connect(transport);
    // A line that is no message of the protocol would come here.
    client.onerror = (error) => failures.push(error);
    const { tools } = await client.listTools();
    expect(tools[0]?.description).toMatch(/^Search spirits\./);
    const answer = await client.callTool({ name: 'search', arguments: { query: 'Akkadian spirit' } });
    expect(answer).toMatchObject({ structuredContent: { result: [{ id: '9' }, { id: '5' }] } });
    await client.close();
    expect(failures).toEqual([]);
  });
});
