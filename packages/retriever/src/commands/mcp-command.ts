import { Command } from 'commander';
import { createMcpServer } from '../mcp/create-mcp-server.js';
import { serveMcpStdio } from '../mcp/serve-mcp-stdio.js';
import { withRetriever } from './open-retriever.js';
import { integerFrom, readToken, tokenOption } from './options.js';
import type { CliSurroundings } from './surroundings.js';

/** `dgpo-retriever mcp`: the Model Context Protocol over standard input and output. */
export function mcpCommand(surroundings: CliSurroundings): Command {
  const { writeError, environment, signal } = surroundings;
  return new Command('mcp')
    .description('Offer search to an MCP client (Claude, editors, agents) over standard input and output.')
    .argument('<source>', 'index directory, corpus file, URL of a server, searxng:URL, serpapi or json:FILE')
    .option('--topk <number>', 'passages when the model does not say', integerFrom(1), 3)
    .option('--max-topk <number>', 'the most passages the model may ask for', integerFrom(1), 50)
    .option('--timeout <milliseconds>', 'how long one search may take', integerFrom(1), 30_000)
    .option('--about <text>', 'what the corpus is; models choose the tool by it')
    .addOption(tokenOption())
    .action(async (source, { topk, maxTopk, timeout, about, tokenEnv }) => {
      const token = readToken(tokenEnv, environment);
      await withRetriever({ source, ...(token !== undefined && { token }) }, surroundings, async (retriever) => {
        const server = await createMcpServer({
          retriever,
          topK: topk,
          maxTopK: Math.max(topk, maxTopk),
          timeout,
          ...(about !== undefined && {
            description: `Search ${about}. Returns the passages that fit best, best first.`,
          }),
          logger: (message) => writeError(`${message}\n`),
        });
        await serveMcpStdio({ server, signal });
      });
    });
}
