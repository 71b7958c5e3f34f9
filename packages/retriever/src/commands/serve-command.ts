import { once } from 'node:events';
import { Command } from 'commander';
import { createRetrieverServer } from '../server/create-retriever-server.js';
import { serveRetriever } from '../server/serve-retriever.js';
import { openLocalRetriever } from './open-retriever.js';
import { integerFrom, jsonOption, readToken, tokenOption } from './options.js';
import type { CliSurroundings } from './surroundings.js';

/** `dgpo-retriever serve`: answers `POST /retrieve` until it is interrupted. */
export function serveCommand(surroundings: CliSurroundings): Command {
  const { writeOut, writeError, environment, signal } = surroundings;
  return new Command('serve')
    .description('Serve an index as POST /retrieve (the Search-R1 contract) with GET /health.')
    .argument('<source>', 'index directory, or corpus file (indexed in memory with bm25)')
    .option('--host <address>', 'address to listen at; beyond loopback a token is required', '127.0.0.1')
    .option('--port <number>', 'port to listen at; 0 takes a free one', integerFrom(0), 8000)
    .option('--topk <number>', 'passages for each query when the request does not say', integerFrom(1), 3)
    .addOption(tokenOption())
    .addOption(jsonOption())
    .action(async (source, { host, port, topk, tokenEnv, json }) => {
      const token = readToken(tokenEnv, environment);
      const retriever = await openLocalRetriever(source, surroundings);
      const app = createRetrieverServer({
        retriever,
        topK: topk,
        maxTopK: Math.max(topk, 1000),
        ...(token !== undefined && { token }),
        logger: (message) => writeError(`${message}\n`),
      });
      const server = await serveRetriever({ app, host, port });
      const { kind, documents } = retriever;
      writeOut(
        json
          ? `${JSON.stringify({ url: server.url, kind, documents, fingerprint: retriever.fingerprint })}\n`
          : `listening at ${server.url}/retrieve: ${kind}, ${documents} passages; Ctrl-C stops\n`,
      );
      if (!signal.aborted) await once(signal, 'abort');
      await server.close();
      writeError('stopped\n');
    });
}
