import type { ComputePool } from '../compute/pool.js';
import type { RolloutSettings } from '../recipe/rollout-section.js';
import { createRedisExecutor } from './redis-executor.js';
import { createLocalExecutor, type RolloutExecutor } from './rollout-executor.js';

/**
 * The executor of a run, as its recipe says.
 *
 * @param options.run names the run, such as its folder
 * @param options.environment `DGPO_REDIS_URL` goes before the recipe's address; `DGPO_WORKER_TOKEN` is the token of the workers
 * @throws ConfigError as {@link createRedisExecutor}
 */
export async function openExecutor(options: {
  settings: RolloutSettings;
  pool: ComputePool;
  run: string;
  environment: Readonly<Record<string, string | undefined>>;
  onLine: (line: string) => void;
  signal?: AbortSignal | undefined;
}): Promise<RolloutExecutor> {
  const { settings, pool, run, environment, onLine, signal } = options;
  if (settings.kind === 'local') return createLocalExecutor(pool);
  const executor = await createRedisExecutor({
    url: environment.DGPO_REDIS_URL ?? settings.url,
    queue: settings.queue,
    run,
    artifacts: { host: settings.artifactsHost, port: settings.artifactsPort, token: environment.DGPO_WORKER_TOKEN },
    maxTries: settings.maxTries,
    lateFactor: settings.lateFactor,
    lateMinimum: 1000 * settings.lateMinimum,
    workerTimeout: 1000 * settings.workerTimeout,
    onLine,
    signal,
  });
  onLine(`rollouts by dgpo worker --queue ${settings.queue} --artifacts ${executor.artifactsUrl}`);
  return executor;
}
