import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { DgpoError, isDgpoError, ModelError } from '@dgpo/trajectory';
import { Queue } from 'bullmq';
import type { JobResult } from '../compute/jobs.js';
import { hashValue } from '../run/stable-hash.js';
import { serveArtifacts } from './artifact-server.js';
import { createArtifactStore } from './artifact-store.js';
import { createMissing } from './missing.js';
import { afterFailure, createDurations, lateProcess, type Order } from './orders.js';
import { createPublishedModels } from './published-models.js';
import { connectRedis, requireRedis } from './redis-connection.js';
import { decodeReply, errorOf } from './reply.js';
import type { RolloutExecutor, RolloutJob } from './rollout-executor.js';
import { takeOutStaleJobs, workerNames } from './ticket-queue.js';
import type { Ticket } from './wire-job.js';
import { wireJob } from './wire-jobs.js';

/** Options of {@link createRedisExecutor}. Times are in milliseconds. */
export interface RedisExecutorOptions {
  /** Such as `redis://:password@host:6379`; the password appears in no message. */
  url: string;
  /** Workers listen to the same name. @default 'dgpo' */
  queue?: string;
  /** Names the run: jobs that an earlier process of it left in the queue are taken out. */
  run: string;
  /** Where workers fetch jobs and weights. Beyond loopback, a token is required. @default '127.0.0.1', a free port, no token */
  artifacts?: { host?: string; port?: number; token?: string | undefined };
  /** How often a job may fail, on different workers where there are some, before the run does. @default 3 */
  maxTries?: number;
  /** A job that takes this many times the median is given to a second worker too. @default 3 */
  lateFactor?: number;
  /** No job is late before. @default 30000 */
  lateMinimum?: number;
  /** How long nobody may be there to play before the run fails; 0 waits for ever. @default 0 */
  workerTimeout?: number;
  /** How often the queue is looked through for lost and late jobs. @default 2000 */
  checkInterval?: number;
  /** Between two lines that say that workers are missing. @default 30000 */
  noticeInterval?: number;
  /** Told what goes on: lost connections, missing workers, jobs that are done again. */
  onLine?: (line: string) => void;
  /** Ends what runs, with its reason. */
  signal?: AbortSignal | undefined;
}

export interface RedisExecutor extends RolloutExecutor {
  /** What workers get as `--artifacts`. */
  readonly artifactsUrl: string;
}

/** The JSON of a reply may not be longer. */
const maxReplyJson = 1 << 30;

/**
 * Gives rollouts to worker processes (`dgpo worker`) over a BullMQ queue. Redis holds the ids of jobs alone: jobs, weights and results
 * go between trainer and worker over HTTP. Results are taken by job id, in job order, so timing decides nothing.
 *
 * @throws ConfigError when Redis cannot be reached or refuses, or the port for workers cannot be had
 */
export async function createRedisExecutor(options: RedisExecutorOptions): Promise<RedisExecutor> {
  const { url, queue: queueName = 'dgpo', maxTries = 3, workerTimeout = 0, signal, onLine = () => undefined } = options;
  const { checkInterval = 2000, noticeInterval = 30_000, lateFactor = 3, lateMinimum = 30_000 } = options;
  const runKey = hashValue([hostname(), options.run]).slice(0, 12);
  // Names jobs alone: no result depends on it.
  const session = randomBytes(6).toString('hex');
  const store = createArtifactStore();
  const models = createPublishedModels(store);
  const durations = createDurations({ factor: lateFactor, minimum: lateMinimum });
  const orders = new Set<Order>();
  const byId = new Map<string, Order>();
  let nextOrder = 0;
  let processes: ReadonlySet<string> = new Set();
  let lanes = 0;
  const now = () => performance.now();

  const failAll = (error: unknown) => {
    for (const order of orders) order.reject(error);
  };
  const connection = connectRedis({ url, onLine, onRefused: failAll });
  const queue = new Queue<Ticket>(queueName, { connection: connection.redis });
  // Told by the connection already, once.
  queue.on('error', () => undefined);

  const give = (order: Order, avoid: string[]) => {
    const id = `${runKey}-${session}-${nextOrder++}`;
    const given = { queued: false };
    order.tries.set(id, given);
    byId.set(id, order);
    const again = order.tries.size > 1 || order.failures.length > 0;
    queue
      .add(
        order.job.kind,
        { avoid },
        { jobId: id, attempts: 1, lifo: again, removeOnComplete: true, removeOnFail: { age: 3600, count: 1000 } },
      )
      .then(() => {
        given.queued = true;
      }, order.reject);
  };
  const removals = new Set<Promise<unknown>>();
  const takeOut = (id: string) => {
    if (!connection.connected()) return;
    const removal = queue.remove(id).catch(() => undefined);
    removals.add(removal);
    removal.then(() => removals.delete(removal));
  };
  const drop = (order: Order, id: string) => {
    order.tries.delete(id);
    byId.delete(id);
  };
  const fail = (order: Order, id: string, error: Error, by: string | undefined) => {
    drop(order, id);
    order.failures.push({ message: error.message, by });
    const measure = afterFailure(order, { maxTries, processes });
    if (measure.kind === 'fail') {
      order.reject(isDgpoError(error) ? new DgpoError(error.code, measure.message) : new Error(measure.message));
    } else {
      onLine(`a rollout failed${by === undefined ? '' : ` on ${by}`} and is done again: ${error.message}`);
      give(order, measure.avoid);
    }
  };
  const onReply = async (id: string, body: Uint8Array): Promise<boolean> => {
    const order = byId.get(id);
    if (order === undefined) return false;
    const reply = await decodeReply(body, order.job, { maxBytes: maxReplyJson });
    const started = order.tries.get(id)?.started;
    // Another worker may have been faster while this was read.
    if (order.settled || byId.get(id) !== order) return false;
    if ('error' in reply) fail(order, id, errorOf(reply.error), reply.worker);
    else {
      if (started !== undefined) durations.add(order.job.kind, now() - started.at);
      order.resolve(reply.result);
    }
    return true;
  };

  /** Looks after one try: lost by Redis, failed there, or late. */
  const check = async (order: Order, id: string) => {
    const given = order.tries.get(id);
    if (given === undefined || !given.queued) return;
    const job = await queue.getJob(id);
    if (order.settled || !order.tries.has(id)) return;
    if (job === undefined) {
      drop(order, id);
      onLine('a rollout is missing in Redis and is queued again');
      if (order.tries.size === 0) give(order, []);
    } else if (job.finishedOn !== undefined && job.finishedOn > 0) {
      await job.remove().catch(() => undefined);
      const reason = job.failedReason ?? 'ended without a result';
      fail(order, id, new ModelError(`a worker could not do its job: ${reason}`), given.started?.by);
    } else {
      const lateAfter = durations.lateAfter(order.job.kind);
      const late = lateProcess(order, { now: now(), lateAfter, processes });
      if (late === undefined) return;
      onLine(`${late} is late: another worker gets its rollout too`);
      give(order, [late]);
    }
  };
  const countWorkers = async () => {
    const names = await workerNames(queue);
    // Some servers do not list their clients: then nobody is missed.
    lanes = names?.length ?? Math.max(1, lanes);
    if (names !== undefined) processes = new Set(names.map((name) => name.slice(0, name.lastIndexOf('.'))));
  };

  const missing = createMissing({ timeout: workerTimeout, interval: noticeInterval, onLine, fail: failAll });
  const notice = (what: string | undefined) => missing.update(orders.size === 0 ? undefined : what, now());

  let checking: { since: number } | undefined;
  const checkAll = async () => {
    const mine = { since: now() };
    checking = mine;
    try {
      await countWorkers();
      for (const order of [...orders]) for (const id of [...order.tries.keys()]) await check(order, id);
      notice(
        lanes > 0 ? undefined : `workers on queue ${queueName} at ${connection.name} (start them with dgpo worker)`,
      );
    } catch {
      // A command that the connection took with it: the next round asks again.
    } finally {
      checking = undefined;
    }
  };
  const timer = setInterval(() => {
    const stuck = checking !== undefined && now() - checking.since > 5 * checkInterval;
    if (stuck || !connection.connected()) notice(`Redis at ${connection.name}`);
    if (checking === undefined && connection.connected()) void checkAll();
  }, checkInterval);

  const close = async () => {
    clearInterval(timer);
    signal?.removeEventListener('abort', onAbort);
    failAll(new Error('the executor of rollouts was closed'));
    await server?.close();
    // Not for long, since the connection may be gone.
    if (connection.connected()) {
      const orderly = Promise.all(removals).then(() => queue.close());
      await Promise.race([orderly, sleep(2000, undefined, { ref: false })]);
    }
    await connection.close();
  };
  const onAbort = () => failAll(signal?.reason);
  signal?.addEventListener('abort', onAbort);
  let server: Awaited<ReturnType<typeof serveArtifacts>> | undefined;
  try {
    server = await serveArtifacts({
      store,
      ...options.artifacts,
      job: (id, by) => {
        const order = byId.get(id);
        const given = order?.tries.get(id);
        if (given !== undefined) given.started = { by, at: now() };
        return order?.wire;
      },
      onReply,
    });
    await requireRedis(connection);
    await takeOutStaleJobs(queue, runKey);
    await countWorkers();
  } catch (error) {
    await close();
    throw error;
  }

  const runOne = async (job: RolloutJob): Promise<unknown> => {
    signal?.throwIfAborted();
    // Bound now: what is published later is for later jobs.
    const model = job.policy === 'expert' ? undefined : models.take(job.policy.model);
    try {
      const wire = await wireJob({ job, store, model: await model?.wire() });
      signal?.throwIfAborted();
      return await new Promise((resolve, reject) => {
        const settle = (end: () => void) => {
          if (order.settled) return;
          order.settled = true;
          orders.delete(order);
          for (const id of [...order.tries.keys()]) {
            drop(order, id);
            // A copy that nobody has begun; one that runs is refused when it replies.
            takeOut(id);
          }
          end();
        };
        const order: Order = {
          job,
          wire,
          tries: new Map(),
          failures: [],
          settled: false,
          resolve: (result) => settle(() => resolve(result)),
          reject: (error) => settle(() => reject(error)),
        };
        orders.add(order);
        give(order, []);
      });
    } finally {
      model?.release();
    }
  };
  return {
    artifactsUrl: server.url,
    get parallel() {
      return Math.max(1, lanes);
    },
    run: async <J extends RolloutJob>(jobs: readonly J[]) => (await Promise.all(jobs.map(runOne))) as JobResult<J>[],
    publish: async (job) => models.publish(job),
    close,
  };
}
