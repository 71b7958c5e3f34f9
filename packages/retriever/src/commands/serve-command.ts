import { once } from 'node:events';
import { Command } from 'commander';
import { createRetrieverServer } from '../server/create-retriever-server.js';
import { serveRetriever } from '../server/serve-retriever.js';
import { untilAborted } from '../until-aborted.js';
import { openLocalRetriever } from './open-retriever.js';
import { integerFrom, jsonOption, readToken, tokenOption } from './options.js';
import { chooseReranker, rerankOptions, withReranking } from './rerank-options.js';
import type { CliSurroundings } from './surroundings.js';

/** `dgpo-retriever serve`: answers `POST /retrieve` and its companions until it is interrupted. */
export function serveCommand(surroundings: CliSurroundings): Command {
  const { writeOut, writeError, environment, signal } = surroundings;
  const command = new Command('serve')
    .description('Serve an index as POST /retrieve (the Search-R1 contract); GET /openapi.json lists the other routes.')
    .argument(
      '<source>',
      'index directory, corpus file (indexed in memory with bm25), searxng:URL, serpapi or json:FILE',
    )
    .option('--host <address>', 'address to listen at; beyond loopback a token is required', '127.0.0.1')
    .option('--port <number>', 'port to listen at; 0 takes a free one', integerFrom(0), 8000)
    .option('--topk <number>', 'passages for each query when the request does not say', integerFrom(1), 3)
    .option('--max-topk <number>', 'the most passages a request may ask for', integerFrom(1), 1000)
    .option('--max-queries <number>', 'the most queries of one request', integerFrom(1), 4096)
    .option('--max-batch <number>', 'the most queries of several requests searched at once', integerFrom(1), 512)
    .option('--batch-wait <milliseconds>', 'how long a batch waits for more requests', integerFrom(0), 0)
    .option('--max-queue <number>', 'unanswered requests beyond which the server says 429', integerFrom(1), 1024)
    .option('--cache <number>', 'answers kept in memory; 0 keeps none', integerFrom(0), 10_000)
    .option(
      '--timeout <milliseconds>',
      'how long one request may take before it is answered 503',
      integerFrom(1),
      30_000,
    )
    .option('--grace <milliseconds>', 'how long a shutdown waits for requests in progress', integerFrom(0), 5000);
  rerankOptions(command);
  return command
    .option('--mcp', 'offer the MCP tool `search` at /mcp', false)
    .option('--open-metrics', 'answer /metrics without the token', false)
    .addOption(tokenOption())
    .addOption(jsonOption())
    .action(async (source, options) => {
      const { host, port, topk, maxTopk, maxQueries, maxBatch, batchWait, maxQueue, cache, timeout } = options;
      const token = readToken(options.tokenEnv, environment);
      const reranker = await chooseReranker(options, timeout);
      let ready = false;
      let startOpening = () => {};
      const opening = new Promise<void>((resolve) => {
        startOpening = resolve;
      }).then(async () => withReranking(await openLocalRetriever(source, surroundings), { reranker, flags: options }));
      const app = createRetrieverServer({
        retriever: opening,
        topK: topk,
        maxTopK: Math.max(topk, maxTopk),
        maxQueries,
        maxBatchQueries: maxBatch,
        batchWait,
        maxQueue,
        cacheSize: cache,
        timeout,
        mcp: options.mcp,
        openMetrics: options.openMetrics,
        ...(reranker && { reranker }),
        ...(token !== undefined && { token }),
        // What fails before is the error of the command.
        logger: (message) => ready && writeError(`${message}\n`),
      });
      const idleTimeout = Math.max(120_000, 2 * timeout);
      const server = await serveRetriever({ app, host, port, grace: options.grace, idleTimeout });
      // The server answers /health while a large index opens; a port that is taken is noticed before.
      startOpening();
      try {
        await untilAborted(app.whenReady(), signal);
        ready = true;
        const { kind, documents, fingerprint } = await opening;
        writeOut(
          options.json
            ? `${JSON.stringify({ url: server.url, kind, documents, fingerprint })}\n`
            : `listening at ${server.url}/retrieve: ${documents === undefined ? source : `${kind}, ${documents} passages`}; Ctrl-C stops\n`,
        );
        if (!signal.aborted) await once(signal, 'abort');
      } finally {
        await server.close();
      }
      await (await opening).close();
      await reranker?.close?.();
      writeError('stopped\n');
    });
}
