import { createHistogram, formatMetrics, type Histogram } from './prometheus.js';

/** What is read off at the moment of the question. */
interface ServerGauges {
  ready: boolean;
  documents: number | undefined;
  inProgress: number;
  queueLength: number;
  cacheEntries: number;
  cacheBytes: number;
}

export interface ServerMetrics {
  countRequest(request: { route: string; status: number; seconds: number }): void;
  countBatch(queries: number): void;
  countRejected(): void;
  countCache(lookups: { hits: number; misses: number }): void;
  /** Everything in the text format of Prometheus. */
  text(gauges: ServerGauges): string;
}

const secondsBounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const batchBounds = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096];

/** Counts what a retrieval server does. All names begin with `dgpo_retriever_`. */
export function createServerMetrics(): ServerMetrics {
  const requests = new Map<string, { route: string; status: number; count: number }>();
  const durations = new Map<string, Histogram>();
  const batches = createHistogram(batchBounds);
  const cache = { hits: 0, misses: 0 };
  let rejected = 0;
  return {
    countRequest({ route, status, seconds }) {
      const key = `${route} ${status}`;
      const entry = requests.get(key) ?? { route, status, count: 0 };
      entry.count++;
      requests.set(key, entry);
      const histogram = durations.get(route) ?? createHistogram(secondsBounds);
      histogram.observe(seconds);
      durations.set(route, histogram);
    },
    countBatch: (queries) => batches.observe(queries),
    countRejected() {
      rejected++;
    },
    countCache({ hits, misses }) {
      cache.hits += hits;
      cache.misses += misses;
    },
    text({ ready, documents, inProgress, queueLength, cacheEntries, cacheBytes }) {
      const one = (type: 'counter' | 'gauge', name: string, help: string, value: number) => ({
        name: `dgpo_retriever_${name}`,
        help,
        type,
        samples: [{ value }],
      });
      return formatMetrics([
        {
          name: 'dgpo_retriever_requests_total',
          help: 'Requests answered, by route and HTTP status; 499 is a client that went away.',
          type: 'counter',
          samples: [...requests.values()].map(({ route, status, count }) => ({
            labels: { route, status: String(status) },
            value: count,
          })),
        },
        {
          name: 'dgpo_retriever_request_duration_seconds',
          help: 'Time from the head of a request to its answer.',
          type: 'histogram',
          samples: [...durations].flatMap(([route, histogram]) => histogram.samples({ route })),
        },
        {
          name: 'dgpo_retriever_batch_queries',
          help: 'Queries of each batch that the retriever was given.',
          type: 'histogram',
          samples: batches.samples(),
        },
        one('gauge', 'queue_length', 'Requests that wait for a batch.', queueLength),
        one('gauge', 'requests_in_progress', 'Requests taken and not answered yet.', inProgress),
        one('counter', 'rejected_total', 'Requests refused with 429 because the queue was full.', rejected),
        one('counter', 'cache_hits_total', 'Queries answered from the cache.', cache.hits),
        one('counter', 'cache_misses_total', 'Queries that the cache did not hold.', cache.misses),
        one('gauge', 'cache_entries', 'Answers in the cache.', cacheEntries),
        one('gauge', 'cache_bytes', 'Estimated size of the answers in the cache.', cacheBytes),
        ...(documents === undefined ? [] : [one('gauge', 'documents', 'Passages in the corpus.', documents)]),
        one('gauge', 'ready', 'Whether the index is open and a first search worked.', ready ? 1 : 0),
      ]);
    },
  };
}
