import { setTimeout } from 'node:timers/promises';
import {
  createBm25Retriever,
  createRetrieverServer,
  loadCorpus,
  type Retriever,
  serveRetriever,
} from '@dgpo/retriever';

export interface ServerCase {
  /** Answers at once from memory; searches; or takes 2 ms for a call of any size, as an encoder on an accelerator does. */
  kind: 'memory' | 'bm25' | 'call';
  maxBatchQueries: number;
  corpus: string;
}

export interface ServerReport {
  /** Time of each call of the retriever, in milliseconds. */
  searches: number[];
  batches: number;
  queries: number;
  /** Processor time of the whole process, in milliseconds. */
  cpuMs: number;
}

export interface ServedCase {
  port: number;
  /** Forgets what was measured so far. */
  reset(): void;
  /** Closes the server. */
  stop(): Promise<ServerReport>;
}

/** Serves one case and measures what the retriever itself takes. */
export async function serveCase({ kind, maxBatchQueries, corpus }: ServerCase): Promise<ServedCase> {
  const documents = await loadCorpus({ path: corpus });
  const bm25 = createBm25Retriever({ documents });
  const [first = []] = await bm25.retrieve({ queries: [documents[0]?.contents ?? ''], topK: 3 });
  const retrievers: Record<ServerCase['kind'], Retriever> = {
    memory: { retrieve: async ({ queries }) => queries.map(() => first) },
    bm25,
    call: {
      async retrieve({ queries }) {
        await setTimeout(2);
        return queries.map(() => first);
      },
    },
  };
  const inner = retrievers[kind];
  const empty = (): ServerReport => ({ searches: [], batches: 0, queries: 0, cpuMs: 0 });
  let report = empty();
  let cpu = process.cpuUsage();
  const retriever: Retriever = {
    async retrieve(options) {
      const started = performance.now();
      const answers = await inner.retrieve(options);
      report.searches.push(performance.now() - started);
      report.batches++;
      report.queries += options.queries.length;
      return answers;
    },
  };
  const server = await serveRetriever({ app: createRetrieverServer({ retriever, maxBatchQueries }), port: 0 });
  return {
    port: server.port,
    reset() {
      report = empty();
      cpu = process.cpuUsage();
    },
    async stop() {
      const { user, system } = process.cpuUsage(cpu);
      await server.close();
      return { ...report, cpuMs: (user + system) / 1000 };
    },
  };
}
