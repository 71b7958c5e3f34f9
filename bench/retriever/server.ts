/**
 * What the server adds to a search, on loopback: the median and 99th percentile of the round trip of `POST /retrieve` less the time
 * of the retriever itself; queries/s of 32 concurrent clients with coalescing into batches and without.
 *
 *   npm run bench:server -w @dgpo/retriever                        under a minute
 *
 * The server runs in a process of its own (in one case in that of the client, which leaves out what the scheduler of a busy machine adds),
 * the clients keep their connections. One by one, the retriever gets each query in a call of
 * its own, one call at a time.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { fileURLToPath } from 'node:url';
import { loadCorpus } from '@dgpo/retriever';
import { recordResults } from './record-results.js';
import { type ServedCase, type ServerCase, type ServerReport, serveCase } from './serve-case.js';

const corpus = fileURLToPath(
  new URL('../../packages/retriever/src/__fixtures__/hotpotqa-12/corpus.jsonl', import.meta.url),
);
const documents = await loadCorpus({ path: corpus });
/** Different queries, so that no cache of any kind answers twice. */
const queryOf = (index: number) => {
  const words = (documents[index % documents.length]?.contents ?? '').split(/\s+/).slice(0, 12);
  return `${words.join(' ')} ${index}`;
};

function post(agent: Agent, port: number, query: string): Promise<number> {
  const body = JSON.stringify({ queries: [query], topk: 3, return_scores: true });
  const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) };
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const call = request({ agent, port, host: '127.0.0.1', path: '/retrieve', method: 'POST', headers }, (reply) => {
      let length = 0;
      reply.on('data', (chunk: Buffer) => {
        length += chunk.length;
      });
      reply.on('end', () => {
        if (reply.statusCode === 200 && length > 0) resolve(performance.now() - started);
        else reject(new Error(`status ${reply.statusCode}`));
      });
      reply.on('error', reject);
    });
    call.on('error', reject);
    call.end(body);
  });
}

const quantile = (values: readonly number[], share: number) =>
  [...values].sort((one, other) => one - other)[Math.floor(share * (values.length - 1))] ?? Number.NaN;

/** The server in a process of its own. */
async function forkCase(item: ServerCase): Promise<ServedCase> {
  const child = fork(fileURLToPath(new URL('serve-case-process.ts', import.meta.url)), [JSON.stringify(item)], {
    execArgv: ['--import', 'tsx', '--conditions=@dgpo/source'],
  });
  const [port] = (await once(child, 'message')) as [number];
  return {
    port,
    reset: () => void child.send('reset'),
    async stop() {
      const ended = once(child, 'exit');
      const report = once(child, 'message') as Promise<[ServerReport]>;
      child.send('stop');
      const [figures] = await report;
      await ended;
      return figures;
    },
  };
}

async function measure(served: ServedCase, { clients, requests }: { clients: number; requests: number }) {
  const { port } = served;
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const ask = async (count: number, offset: number) => {
    const times: number[] = [];
    let next = 0;
    const client = async () => {
      while (next < count) times.push(await post(agent, port, queryOf(offset + next++)));
    };
    await Promise.all(Array.from({ length: clients }, client));
    return times;
  };
  await ask(Math.min(requests, 1000), 1_000_000);
  served.reset();
  const started = performance.now();
  const times = await ask(requests, 0);
  const seconds = (performance.now() - started) / 1000;
  agent.destroy();
  const { searches, batches, queries, cpuMs } = await served.stop();
  const search = { median: quantile(searches, 0.5), p99: quantile(searches, 0.99) };
  const roundTrip = { median: quantile(times, 0.5), p99: quantile(times, 0.99) };
  return {
    clients,
    requests,
    roundTripMs: roundTrip,
    searchMs: search,
    overheadMs: { median: roundTrip.median - search.median, p99: roundTrip.p99 - search.p99 },
    queriesPerSecond: requests / seconds,
    queriesPerBatch: queries / batches,
    /** Processor time of the server's process, which other work on the machine does not lengthen. */
    cpuMsPerRequest: cpuMs / requests,
  };
}

const cases = [
  { name: 'memory, 1 client, one process', item: { kind: 'memory', maxBatchQueries: 512 }, clients: 1 },
  { name: 'memory, 1 client', item: { kind: 'memory', maxBatchQueries: 512 }, clients: 1 },
  { name: 'bm25, 1 client', item: { kind: 'bm25', maxBatchQueries: 512 }, clients: 1 },
  { name: 'bm25, 32 clients, batches', item: { kind: 'bm25', maxBatchQueries: 512 }, clients: 32 },
  { name: 'bm25, 32 clients, one by one', item: { kind: 'bm25', maxBatchQueries: 1 }, clients: 32 },
  { name: '2 ms a call, 32 clients, batches', item: { kind: 'call', maxBatchQueries: 512 }, clients: 32 },
  { name: '2 ms a call, 32 clients, one by one', item: { kind: 'call', maxBatchQueries: 1 }, clients: 32 },
] as const;
for (const { name, item, clients } of cases) {
  const serve = name.endsWith('one process') ? serveCase : forkCase;
  const figures = await measure(await serve({ ...item, corpus }), { clients, requests: 4000 });
  await recordResults('server', name, figures);
  const { overheadMs, roundTripMs, queriesPerSecond, queriesPerBatch, cpuMsPerRequest } = figures;
  console.log(
    `${name}: overhead ${overheadMs.median.toFixed(3)} ms median, ${overheadMs.p99.toFixed(3)} ms p99; ` +
      `round trip ${roundTripMs.median.toFixed(3)} ms, ${roundTripMs.p99.toFixed(3)} ms; ` +
      `${queriesPerSecond.toFixed(0)} queries/s, ${queriesPerBatch.toFixed(1)} queries a batch, ${cpuMsPerRequest.toFixed(3)} ms of processor a request`,
  );
}
