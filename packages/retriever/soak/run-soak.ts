// Drives a real server through a proxy that spoils answers, kills the server, fills its queue and breaks index builds. Prints one JSON
// summary; exit code 1 when anything was lost, wrong, unhandled, growing or half. `npm run soak -w @dgpo/retriever -- --seconds 20`
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createRandom } from '@dgpo/trajectory';
import { createBm25Retriever } from '../src/bm25/bm25-retriever.js';
import { startFaultProxy } from './fault-proxy.js';
import { refusesWhenFull } from './full-queue.js';
import { restlessness } from './idle.js';
import { soakIndex } from './index-faults.js';
import { call, createSoakClient, createTally, pickQuestions } from './load.js';
import { heapAfterCollection, judgeMemory, residentMemory } from './memory.js';
import { startServer } from './server-process.js';
import { drawCorpus, drawQuestions, writeCorpus } from './world.js';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '600' },
    seed: { type: 'string', default: '1' },
    clients: { type: 'string', default: '32' },
  },
});
const [seconds, seed, clients] = [Number(values.seconds), Number(values.seed), Number(values.clients)];
if (![seconds, seed, clients].every(Number.isInteger) || seconds < 5 || clients < 1) {
  process.stderr.write('error: --seconds (at least 5), --seed and --clients must be integers\n');
  process.exit(2);
}

const violations: string[] = [];
const violate = (message: string) => {
  violations.push(message);
  process.stderr.write(`violation: ${message}\n`);
};
process.on('unhandledRejection', (reason) => violate(`unhandled rejection: ${reason}`));
process.on('uncaughtException', (error) => violate(`uncaught exception: ${error.stack}`));
process.on('warning', (warning) => violate(`warning: ${warning.message}`));

const root = await mkdtemp(join(tmpdir(), 'dgpo-soak-'));
const random = createRandom(seed).split('soak');
const corpus = drawCorpus(seed);
const served = join(root, 'served');
await createBm25Retriever({ documents: corpus }).save(served);
const questions = await drawQuestions(served, seed);
const server = await startServer(served);
const proxy = await startFaultProxy({ upstream: () => server.url, queue: 24, seed });

const begin = performance.now();
const isOver = () => performance.now() - begin >= 1000 * seconds;
const elapsed = () => (performance.now() - begin) / 1000;
/** Sleeps, but not beyond the end. */
const pause = (milliseconds: number) => sleep(Math.max(0, Math.min(milliseconds, 1000 * (seconds - elapsed()))));

const tally = createTally();
const client = createSoakClient(tally, { url: proxy.url, seed, maxConcurrent: 32 });

async function ask(name: number) {
  const own = random.split('client', name);
  while (!isOver()) {
    await call(tally, client, pickQuestions(own, questions));
    await pause(own.integer(40));
  }
}

/** Far more at once than the queue takes; half of them straight to the server. */
let bursts = 0;
let refusals = 0;
async function burst() {
  const own = random.split('bursts');
  while (!isOver()) {
    await pause(4000);
    const many = createSoakClient(tally, { url: proxy.url, seed, maxConcurrent: 200 });
    const direct = createSoakClient(tally, {
      url: server.url ?? proxy.url,
      seed,
      maxConcurrent: 200,
    });
    const calls = Array.from({ length: 200 }, (_, index) =>
      call(tally, index % 2 === 0 ? many : direct, pickQuestions(own, questions)),
    );
    await Promise.all(calls);
    bursts += 1;
    if (server.url !== undefined && (await refusesWhenFull(server.url)) === true) refusals += 1;
  }
}

let kills = 0;
async function killServer() {
  const own = random.split('kills');
  const every = Math.min(20_000, 400 * seconds);
  while (!isOver()) {
    await pause(every * (0.5 + own.next()));
    await server.restart(own.integer(1500));
    kills += 1;
  }
}

const heap: number[] = [];
let serverMemory = 0;
async function watchMemory() {
  // The first requests compile code and fill pools.
  await pause(Math.min(30_000, 250 * seconds));
  while (!isOver()) {
    heap.push(heapAfterCollection());
    serverMemory = Math.max(serverMemory, await residentMemory(server.pid));
    await pause(500);
  }
}

async function breakIndexes() {
  const directory = join(root, 'builds');
  await mkdir(directory);
  const corpora = [
    await writeCorpus(root, 'old', corpus),
    await writeCorpus(root, 'new', drawCorpus(seed + 1)),
  ] as const;
  return soakIndex({ directory, corpora, random: random.split('builds'), isOver, violate });
}

try {
  const [builds] = await Promise.all([
    breakIndexes(),
    burst(),
    killServer(),
    watchMemory(),
    ...Array.from({ length: clients }, (_, name) => ask(name)),
  ]);
  await Promise.all([proxy.close(), server.close()]);
  // Whatever is still due becomes a violation before the verdict.
  const unrest = await restlessness();
  if (unrest !== undefined) violate(unrest);
  const { started, right, wrong, failed, lost } = tally;
  if (wrong > 0) violate(`${wrong} wrong answers`);
  if (lost > 0) violate(`${lost} requests were lost`);
  if (started !== right + wrong + failed + lost) violate(`the counts do not add up: ${JSON.stringify(tally)}`);
  for (const fault of ['none', 'slow', 'drip', 'error', 'truncated', 'short', 'malformed', 'reset', 'full', 'down']) {
    if ((proxy.drawn[fault] ?? 0) === 0) violate(`the fault "${fault}" never came up: run it longer`);
  }
  if (right === 0 || failed === 0 || (tally.statuses['429'] ?? 0) === 0 || refusals === 0 || kills === 0) {
    violate('nothing was right, nothing failed, no queue was full or no server was killed: this proves nothing');
  }
  for (const complaint of server.complaints) violate(`server: ${complaint}`);
  const memory = judgeMemory(heap);
  if (!memory.isFlat) violate(`memory grows from ${memory.first.toFixed(1)} to ${memory.last.toFixed(1)} MiB`);
  const summary = {
    seconds: Math.round(elapsed()),
    seed,
    requests: tally,
    bursts,
    refusals,
    faults: proxy.drawn,
    kills,
    builds,
    memory: {
      firstMiB: Number(memory.first.toFixed(1)),
      lastMiB: Number(memory.last.toFixed(1)),
      samples: heap.length,
      serverMiB: Math.round(serverMemory),
    },
    violations,
  };
  process.stdout.write(`${JSON.stringify(summary)}\n`);
} catch (error) {
  violate(`the soak itself fails: ${error instanceof Error ? error.stack : error}`);
} finally {
  await server.close();
  await rm(root, { recursive: true });
}
// Not by itself: a soak that hangs helps nobody; that nothing works on any more is checked above.
process.stdout.write('', () => process.exit(violations.length === 0 ? 0 : 1));
