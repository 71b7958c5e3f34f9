import {
  type ComputePool,
  type EnvironmentSettings,
  playEpisodes,
  playVoted,
  type RetrieverSource,
  type VotingCost,
} from '@dgpo/trainer';
import type { Trajectory } from '@dgpo/trajectory';
import type { EndedEpisode, Player } from './play-set.js';
import { type SelfConsistency, votingTemperature } from './self-consistency.js';

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
  /** Votes on every turn, whose candidates have a temperature of their own. @default every turn is the only one */
  selfConsistency?: SelfConsistency | undefined;
}

/** Whole parts of a sum, as equal as can be. */
const partOf = (sum: number, parts: number, index: number) =>
  Math.floor((sum * (index + 1)) / parts) - Math.floor((sum * index) / parts);

/** Episodes that were played together share what all candidates took. */
const sharing = (episodes: readonly Trajectory[], { calls, promptTokens, policyTokens }: VotingCost): EndedEpisode[] =>
  episodes.map((trajectory, index) => ({
    trajectory,
    usage: {
      modelCalls: partOf(calls, episodes.length, index),
      promptTokens: partOf(promptTokens, episodes.length, index),
      policyTokens: partOf(policyTokens, episodes.length, index),
    },
  }));

/**
 * Plays on all workers, told of episodes as a worker is done with a batch of them; of voted ones as all workers are. Where a task lacks a
 * voted episode, all of its episodes are played again, and those that are missing kept.
 */
export function createPoolPlayer(options: PoolPlayerOptions): Player {
  const { model, retriever, temperature, topP, samplesPerTask, batchSize, selfConsistency, ...rest } = options;
  const { samples: candidates = 1, temperature: votesAt = votingTemperature } = selfConsistency ?? {};
  return async ({ set, isPlayed, onEpisodes, signal }) => {
    const idsOf = (id: string) => Array.from({ length: samplesPerTask }, (_, sample) => `${id}#${sample}`);
    const missing = set.tasks.filter(({ id }) => !idsOf(id).every(isPlayed));
    const perBatch = Math.max(1, Math.floor(batchSize / (samplesPerTask * candidates)));
    // Each part is a batch for every worker: what is played is kept soon, and an interrupt loses little.
    const share = perBatch * rest.pool.parallel;
    for (let start = 0; start < missing.length; start += share) {
      const tasks = missing.slice(start, start + share);
      const shared = {
        ...rest,
        policy: { model },
        ...(retriever === undefined ? {} : { retriever }),
        tasks,
        samplesPerTask,
        batchSize,
        // Errors are counted over the whole set by whoever asked.
        maxErrorRate: 1,
        signal,
      };
      if (selfConsistency !== undefined) {
        const voting = { samples: candidates, temperature: votesAt, compat: 'none' as const };
        const { episodes, cost } = await playVoted({ ...shared, selfConsistency: voting });
        await onEpisodes(sharing(episodes, cost).filter(({ trajectory }) => !isPlayed(trajectory.id)));
        continue;
      }
      await playEpisodes({
        ...shared,
        temperature,
        ...(topP === undefined ? {} : { topP }),
        skip: new Set(tasks.flatMap(({ id }) => idsOf(id)).filter(isPlayed)),
        onEpisodes: (trajectories) => onEpisodes(trajectories.map((trajectory) => ({ trajectory }))),
      });
    }
  };
}
