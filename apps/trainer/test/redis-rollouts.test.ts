import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { addLora, getTrainableParameters, loadDecoder, saveModel, selectEngine } from '@dgpo/lm';
import { createRandom, isDgpoError } from '@dgpo/trajectory';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readAnswers } from '../src/evaluate/read-answers.js';
import { redisName } from '../src/rollout/redis-connection.js';
import { createRedisExecutor, type RedisExecutor, type RedisExecutorOptions } from '../src/rollout/redis-executor.js';
import { publishingPool } from '../src/rollout/rollout-executor.js';
import { playEpisodes } from '../src/train/play-episodes.js';
import { freePort, startProxy, startRedis, startWorkerProcess, type WorkerProcess } from './redis-machines.js';
import { openTinyWorld, optimizeTiny, type TinyWorld, tasks, tinyParameters, withPool } from './tiny-world.js';

const token = 'a-token-of-the-tests';
let world: TinyWorld;
let root: string;
let redis: Awaited<ReturnType<typeof startRedis>>;
let proxy: Awaited<ReturnType<typeof startProxy>>;
let port: number;
let workers: WorkerProcess[];
let lines: string[] = [];

const startWorker = (cache: string, changes: Record<string, string> = {}, flags: string[] = []) =>
  startWorkerProcess({
    flags: [
      ...['--redis', `redis://127.0.0.1:${proxy.port}`, '--artifacts', `http://127.0.0.1:${port}`],
      ...['--workers', '1', '--engine', 'wasm', '--lost-after', '2', '--cache', join(root, cache), ...flags],
    ],
    environment: { DGPO_WORKER_TOKEN: token, ...changes },
  });

beforeAll(async () => {
  [world, redis, port] = await Promise.all([openTinyWorld(), startRedis(), freePort()]);
  root = mkdtempSync(join(tmpdir(), 'dgpo-redis-rollouts-'));
  proxy = await startProxy(redis.port);
  // Two share a cache, as on one machine; the third has its own.
  workers = ['one', 'one', 'two'].map((cache) => startWorker(cache));
  await Promise.all(workers.map((worker) => worker.says(/^worker /m)));
}, 240_000);

afterAll(async () => {
  for (const worker of workers ?? []) worker.process.kill('SIGKILL');
  await proxy?.stop();
  await redis?.stop();
  world?.close();
  rmSync(root, { recursive: true, force: true });
});

async function withExecutor<T>(
  run: (executor: RedisExecutor) => Promise<T>,
  changes: Partial<RedisExecutorOptions> = {},
): Promise<T> {
  lines = [];
  const executor = await createRedisExecutor({
    url: `redis://127.0.0.1:${proxy.port}`,
    run: 'test',
    artifacts: { port, token },
    checkInterval: 100,
    lateMinimum: 60_000,
    onLine: (line) => lines.push(line),
    ...changes,
  });
  try {
    return await run(executor);
  } finally {
    await executor.close();
  }
}

const play = { policy: { model: 'sampled' }, tasks, temperature: 1, seed: 5, batchSize: 8 };

// Long only where many processes share few cores.
describe('rollouts over Redis', { timeout: 240_000 }, () => {
  it('play what the local executor plays, byte for byte: episodes, readings, the expert', async () => {
    await withPool(world, 1, async (pool) => {
      const all = async (executor?: RedisExecutor) => {
        const playground = { ...world.playground(pool), ...(executor === undefined ? {} : { executor }) };
        const requests = tasks.map((task) => ({ task, passages: [`"Flag"\n${task.question}`] }));
        const reading = { ...playground, policy: play.policy, requests, temperature: 1, seed: 3, batchSize: 2 };
        return JSON.stringify([
          await playEpisodes({ ...playground, ...play, samplesPerTask: 3 }),
          await playEpisodes({ ...playground, ...play, policy: 'expert' }),
          await readAnswers({ ...reading, think: true }),
          await readAnswers({ ...reading, think: false }),
        ]);
      };
      const local = await all();
      const remote = await withExecutor(async (executor) => {
        expect(executor.parallel).toBe(3);
        const { config } = world;
        const weights = tinyParameters(world, 3);
        await executor.publish({ kind: 'model', name: 'sampled', config, valueHead: false, weights });
        return all(executor);
      });
      expect(remote).toBe(local);
    });
  });

  it('a job keeps the weights of its time, whatever is published before it is done', async () => {
    await withPool(world, 1, async (pool) => {
      const shared = new Float32Array(new SharedArrayBuffer(4 * tinyParameters(world, 3).length));
      const model = (seed: number) => {
        shared.set(tinyParameters(world, seed));
        return { kind: 'model', name: 'sampled', config: world.config, valueHead: false, weights: shared } as const;
      };
      const local: string[] = [];
      for (const seed of [3, 7]) {
        await pool.broadcast(model(seed));
        local.push(JSON.stringify(await playEpisodes({ ...world.playground(pool), ...play })));
      }
      const remote = await withExecutor(async (executor) => {
        const begin = async (seed: number) => {
          await executor.publish(model(seed));
          return playEpisodes({ ...world.playground(pool), executor, ...play });
        };
        const first = begin(3);
        await sleep(0);
        const second = begin(7);
        return [JSON.stringify(await first), JSON.stringify(await second)];
      });
      expect(remote).toEqual(local);
      expect(remote[0]).not.toBe(remote[1]);
    });
  });

  it('of a model with adapters, the adapters alone travel after the first time', async () => {
    await selectEngine({ engine: 'wasm' });
    const directory = join(root, 'base');
    const { config, tokenizer } = world;
    await saveModel({ directory, config, parameters: tinyParameters(world, 3), tokenizer });
    const lora = { rank: 2, alpha: 4, targetModules: 'all-linear' } as const;
    const { decoder } = await loadDecoder({ directory });
    addLora(decoder, { ...lora, random: createRandom(1).split('lora') });
    const { length } = await getTrainableParameters(decoder);
    decoder.dispose();
    const random = createRandom(9).split('values');
    const parameters = [1, 2].map(() => Float32Array.from({ length }, () => 0.3 * random.normal()));
    await withPool(world, 1, async (pool) => {
      const all = async (executor?: RedisExecutor) => {
        const shared = executor === undefined ? pool : publishingPool(pool, executor);
        const playground = { ...world.playground(shared), ...(executor === undefined ? {} : { executor }) };
        await shared.broadcast({ kind: 'open', name: 'adapted', directory, lora, seed: 1 });
        const played: unknown[] = [];
        for (const values of parameters) {
          await shared.broadcast({ kind: 'trainable', model: 'adapted', parameters: values });
          played.push(await playEpisodes({ ...playground, ...play, policy: { model: 'adapted' } }));
        }
        return played.map((episodes) => JSON.stringify(episodes));
      };
      const local = await all();
      expect(await withExecutor(all)).toEqual(local);
      expect(local[0]).not.toBe(local[1]);
    });
  });

  it('a training that loses a worker by SIGKILL and Redis for ten seconds ends as the local one', async () => {
    await withPool(world, 1, async (pool) => {
      // Long enough to be interrupted.
      const changes = { tasksPerStep: 3, numGenerations: 150, miniBatchSize: 450, microBatchSize: 225 };
      const local = await optimizeTiny(world, pool, changes);
      const [first, second, third] = workers as [WorkerProcess, WorkerProcess, WorkerProcess];
      const remote = await withExecutor(async (executor) => {
        const shared = publishingPool(pool, executor);
        const training = optimizeTiny(world, shared, {
          ...changes,
          options: { playground: { ...world.playground(shared), executor } },
        });
        await first.says(/begun/, 'now');
        const before = first.output();
        first.process.kill('SIGKILL');
        await first.ended;
        expect(before.trimEnd()).toMatch(/begun$/);
        await Promise.race([second, third].map((worker) => worker.says(/begun/, 'now')));
        proxy.cut();
        await sleep(10_000);
        proxy.mend();
        return training;
      });
      expect(remote).toEqual(local);
      expect(lines.join('\n')).toMatch(
        /no connection to Redis at redis:\/\/127.0.0.1:\d+ .*\n(.*\n)*connected to Redis/,
      );
      await Promise.all(
        [second, third].map((worker) => worker.says(/no connection to Redis(.*\n)*connected to Redis/)),
      );
    });
  });

  it('a job that is late is given to a second worker too, and the first result counts', async () => {
    await withPool(world, 1, async (pool) => {
      const { config } = world;
      const weights = tinyParameters(world, 3);
      const long = { ...play, tasks: tasks.slice(0, 1), samplesPerTask: 150 };
      const local = JSON.stringify(await playEpisodes({ ...world.playground(pool), ...long }));
      const running = workers.slice(1);
      await withExecutor(
        async (executor) => {
          await executor.publish({ kind: 'model', name: 'sampled', config, valueHead: false, weights });
          const playground = { ...world.playground(pool), executor };
          // So that it is known how long jobs take.
          await playEpisodes({ ...playground, ...play });
          await playEpisodes({ ...playground, ...play });
          const begun = running.map(async (worker) => {
            await worker.says(/begun/, 'now');
            return worker;
          });
          const playing = playEpisodes({ ...playground, ...long });
          const late = await Promise.race(begun);
          late.process.kill('SIGSTOP');
          expect(JSON.stringify(await playing)).toBe(local);
          expect(lines.join('\n')).toMatch(/is late: another worker gets its rollout too/);
          late.process.kill('SIGCONT');
          await late.says(/was done elsewhere|nobody waits|cannot finish/, 'now');
        },
        { lateMinimum: 50 },
      );
    });
  });

  it('a job that fails everywhere ends the run with its reason and its type', async () => {
    await withPool(world, 1, async (pool) => {
      const broken = join(root, 'broken');
      mkdirSync(broken, { recursive: true });
      writeFileSync(join(broken, 'tokenizer.json'), '{');
      await withExecutor(async (executor) => {
        const playing = playEpisodes({
          ...world.playground(pool),
          executor,
          ...play,
          policy: 'expert',
          tasks: tasks.slice(0, 1),
          tokenizer: broken,
        });
        const error = await playing.catch((reason: unknown) => reason);
        expect(isDgpoError(error) && error.code).toBe('MODEL_ERROR');
        expect(String(error)).toMatch(/tokenizer.json: cannot be read as JSON.*failed 3 times/);
      });
    });
  });

  it('nobody there: the run says so, and ends when it is told to wait no longer', async () => {
    await withPool(world, 1, async (pool) => {
      await withExecutor(
        async (executor) => {
          const playing = playEpisodes({ ...world.playground(pool), executor, ...play, policy: 'expert' });
          await expect(playing).rejects.toThrow(/nobody plays: waited 0.5 s for workers on queue deserted at redis:/);
          expect(lines).toHaveLength(1);
          expect(lines[0]).toMatch(/^waiting for workers on queue deserted at redis:/);
        },
        { queue: 'deserted', workerTimeout: 500 },
      );
      const interrupted = new AbortController();
      await withExecutor(
        async (executor) => {
          const playing = playEpisodes({ ...world.playground(pool), executor, ...play, policy: 'expert' });
          setTimeout(() => interrupted.abort(new Error('stop')), 200);
          await expect(playing).rejects.toThrow('stop');
        },
        { queue: 'deserted', signal: interrupted.signal },
      );
    });
  });

  it('a worker with a wrong token gives its job back and ends', async () => {
    const stranger = startWorker('three', { DGPO_WORKER_TOKEN: 'another-token' }, ['--queue', 'guarded']);
    await withPool(world, 1, async (pool) => {
      await withExecutor(
        async (executor) => {
          const playing = playEpisodes({ ...world.playground(pool), executor, ...play, policy: 'expert' });
          expect(await stranger.ended).toBe(2);
          expect(stranger.output()).toMatch(/given back\n.*error: http:.*the trainer asks for another token/s);
          expect(stranger.output()).not.toMatch(/another-token/);
          void playing.catch(() => undefined);
        },
        { queue: 'guarded' },
      );
    });
  });

  it('SIGTERM ends a worker in order', async () => {
    const worker = workers[1] as WorkerProcess;
    worker.process.kill('SIGTERM');
    expect(await worker.ended).toBe(143);
    expect(worker.output()).toMatch(/stopped\n$/);
  });

  it('Redis that is not there, and a password in an address, are told without the password', async () => {
    const attempt = createRedisExecutor({ url: 'redis://user:secret@not a host', run: 'test' });
    await expect(attempt).rejects.toThrow(/must look like redis:/);
    await expect(attempt).rejects.not.toThrow(/secret/);
    expect(redisName('redis://user:secret@host:6379/2')).toBe('redis://host:6379/2');
  });
});
