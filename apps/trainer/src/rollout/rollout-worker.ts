import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EngineName } from '@dgpo/lm';
import { DgpoError, isDgpoError, ModelError } from '@dgpo/trajectory';
import { DelayedError, type Job, WaitingError, Worker } from 'bullmq';
import { createArtifactCache } from './artifact-cache.js';
import { type ArtifactClient, createArtifactClient, WrongToken } from './artifact-client.js';
import { createLane, type Lane } from './lane.js';
import { connectRedis } from './redis-connection.js';
import { encodeReply, type Reply } from './reply.js';
import { ticketSchema, type WireJob, wireJobSchema } from './wire-job.js';

/** Options of {@link runRolloutWorker}. Times are in milliseconds. */
export interface RolloutWorkerOptions {
  /** Such as `redis://:password@host:6379`; the password appears in no message. */
  redis: string;
  /** Address of the trainer. */
  artifacts: string;
  /** The trainer's token. */
  token?: string | undefined;
  /** @default 'dgpo' */
  queue?: string;
  engine: EngineName;
  /** Jobs that are played side by side. */
  lanes: number;
  /** Folder for tokenizers, indexes and models. */
  cacheDirectory: string;
  /** Larger artifacts and folders are refused. @default 17179869184 */
  maxArtifactBytes?: number;
  /** A worker that has not shown up for so long has lost its job to another one. @default 30000 */
  lostAfter?: number;
  /** How long jobs may still take after `signal`; then they are given back. @default 20000 */
  grace?: number;
  onLine: (line: string) => void;
  /** Ends the work. */
  signal: AbortSignal;
}

/** How long somebody else is waited for, in times that a job came to one who is to avoid it. */
const maxAvoided = 20;

const describe = (error: unknown): Extract<Reply, { error: unknown }>['error'] => ({
  message: error instanceof Error ? error.message : String(error),
  ...(isDgpoError(error) ? { code: error.code } : {}),
});

function parseJob(bytes: Uint8Array): WireJob {
  try {
    return wireJobSchema.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
  } catch (cause) {
    throw new ModelError('cannot read this job; trainer and workers must be of the same version of dgpo', { cause });
  }
}

/**
 * Plays jobs of a queue until the signal comes: the job in hand is finished, or given back after `grace`.
 *
 * @throws ConfigError when an address is none, Redis refuses the password, or the trainer the token
 */
export async function runRolloutWorker(options: RolloutWorkerOptions): Promise<void> {
  const {
    queue = 'dgpo',
    lanes: count,
    onLine,
    signal,
    lostAfter = 30_000,
    grace = 20_000,
    maxArtifactBytes,
  } = options;
  // Names workers alone: no result depends on it. The dot parts it from the number of the lane.
  const name = `${hostname().replaceAll(/[^\w-]/g, '-')}-${process.pid}-${randomBytes(3).toString('hex')}`;
  const stopped = new AbortController();
  const givingBack = new AbortController();
  let fatal: Error | undefined;
  const end = (error: Error) => {
    fatal ??= error;
    stopped.abort();
    givingBack.abort();
  };
  const client = createArtifactClient({
    url: options.artifacts,
    token: options.token,
    worker: name,
    signal: givingBack.signal,
    ...(maxArtifactBytes === undefined ? {} : { maxArtifactBytes }),
  });
  const cache = createArtifactCache({
    client,
    directory: options.cacheDirectory,
    ...(maxArtifactBytes === undefined ? {} : { maxFolderBytes: maxArtifactBytes }),
  });
  const connection = connectRedis({ url: options.redis, onLine, onRefused: end });
  const lanes = Array.from({ length: count }, () => createLane({ engine: options.engine, lanes: count, cache }));
  const workers = lanes.map((lane, index) => {
    const worker = new Worker(
      queue,
      (job, token) => play({ job, token, lane, client, name, onLine, end, givingBack: givingBack.signal }),
      {
        connection: connection.redis,
        name: `${name}.${index}`,
        lockDuration: lostAfter,
        stalledInterval: Math.max(500, lostAfter / 2),
        // A job that three workers were lost with fails: the trainer decides about another round.
        maxStalledCount: 2,
        runRetryDelay: 1000,
        drainDelay: 2,
      },
    );
    // Connections are told of once, above; a job that was lost in the meantime is in other hands.
    worker.on('error', ({ message }) => {
      if (/lock/i.test(message)) onLine(`a job went to another worker (${message})`);
    });
    return worker;
  });
  onLine(`worker ${name} on queue ${queue} at ${connection.name}: ${options.engine}, ${count} at a time`);

  const ending = AbortSignal.any([signal, stopped.signal]);
  if (!ending.aborted) await once(ending, 'abort');
  const finished = Promise.all(workers.map((worker) => worker.close()));
  const inTime = await Promise.race([finished.then(() => true), sleep(grace, false, { ref: false })]);
  if (!inTime) {
    givingBack.abort();
    // A Redis that is gone takes nothing back: the job is redone when its lock has run out.
    await Promise.race([finished, sleep(5000, undefined, { ref: false })]);
  }
  await Promise.all(lanes.map((lane) => lane.close()));
  await connection.close();
  if (fatal !== undefined) throw fatal;
}

/** One job: fetched, played, answered. */
async function play(options: {
  job: Job;
  token: string | undefined;
  lane: Lane;
  client: ArtifactClient;
  name: string;
  onLine: (line: string) => void;
  end: (error: Error) => void;
  givingBack: AbortSignal;
}): Promise<void> {
  const { job, token, lane, client, name, onLine, end, givingBack } = options;
  const { id = '' } = job;
  const giveBack = async (): Promise<never> => {
    await job.moveToWait(token);
    onLine(`job ${id} given back`);
    throw new WaitingError();
  };
  const ticket = ticketSchema.safeParse(job.data);
  if (ticket.data?.avoid.includes(name) && job.attemptsStarted < maxAvoided) {
    await job.moveToDelayed(Date.now() + 250, token);
    throw new DelayedError();
  }
  const aborted = new Promise<never>((_, reject) => {
    const stop = () => reject(givingBack.reason);
    if (givingBack.aborted) stop();
    givingBack.addEventListener('abort', stop, { once: true });
  });
  aborted.catch(() => undefined);
  try {
    const description = await client.job(id);
    if (description === undefined) return onLine(`job ${id}: nobody waits for it any more`);
    const started = performance.now();
    let reply: Reply;
    let kind: WireJob['job']['kind'] = 'read';
    try {
      const wire = parseJob(description);
      kind = wire.job.kind;
      onLine(`job ${id} (${kind}) begun`);
      reply = { worker: name, result: await Promise.race([lane.run(wire), aborted]) };
    } catch (error) {
      if (givingBack.aborted || error instanceof WrongToken) throw error;
      reply = { worker: name, error: describe(error) };
    }
    const taken = await client.reply(id, await encodeReply(reply, { kind }));
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    const outcome = 'error' in reply ? `failed: ${reply.error.message}` : 'done';
    onLine(`job ${id} (${kind}) ${taken ? outcome : 'was done elsewhere'}, ${seconds} s`);
  } catch (error) {
    if (error instanceof WrongToken) end(error);
    if (givingBack.aborted) return giveBack();
    throw error instanceof DgpoError ? new Error(error.message) : error;
  }
}
