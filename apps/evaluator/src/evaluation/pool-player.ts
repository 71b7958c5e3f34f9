import { type ComputePool, type EnvironmentSettings, playEpisodes, type RetrieverSource } from '@dgpo/trainer';
import type { Player } from './play-set.js';

export interface PoolPlayerOptions {
  pool: ComputePool;
  /** Name under which the workers have the model. */
  model: string;
  /** Folder of the tokenizer. */
  tokenizer: string;
  environment: EnvironmentSettings;
  retriever?: RetrieverSource | undefined;
  samplesPerTask: number;
  temperature: number;
  topP?: number | undefined;
  seed: number;
  batchSize: number;
}

/** Plays on all workers, told of episodes as a worker is done with a batch of them. */
export function createPoolPlayer(options: PoolPlayerOptions): Player {
  const { model, retriever, topP, samplesPerTask, batchSize, ...rest } = options;
  return async ({ set, isPlayed, onEpisodes, signal }) => {
    const idsOf = (id: string) => Array.from({ length: samplesPerTask }, (_, sample) => `${id}#${sample}`);
    const missing = set.tasks.filter(({ id }) => !idsOf(id).every(isPlayed));
    const perBatch = Math.max(1, Math.floor(batchSize / samplesPerTask));
    // Each part is a batch for every worker: what is played is kept soon, and an interrupt loses little.
    const share = perBatch * rest.pool.parallel;
    for (let start = 0; start < missing.length; start += share) {
      const tasks = missing.slice(start, start + share);
      await playEpisodes({
        ...rest,
        policy: { model },
        ...(retriever === undefined ? {} : { retriever }),
        ...(topP === undefined ? {} : { topP }),
        tasks,
        samplesPerTask,
        batchSize,
        skip: new Set(tasks.flatMap(({ id }) => idsOf(id)).filter(isPlayed)),
        // Errors are counted over the whole set by whoever asked.
        maxErrorRate: 1,
        onEpisodes: (trajectories) => onEpisodes(trajectories.map((trajectory) => ({ trajectory }))),
        signal,
      });
    }
  };
}
