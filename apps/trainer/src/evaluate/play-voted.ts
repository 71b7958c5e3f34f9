import type { Task, Trajectory } from '@dgpo/trajectory';
import type { EpisodesJob } from '../compute/episodes-job.js';
import type { SelfConsistency, VotedEpisodesJob, VotingCost } from '../compute/voted-episodes-job.js';
import { untilAborted } from '../run/until-aborted.js';
import { type Playground, requireSearches } from '../train/play-episodes.js';

export interface PlayVotedOptions extends Playground {
  policy: Exclude<EpisodesJob['policy'], 'expert'>;
  tasks: readonly Task[];
  samplesPerTask: number;
  selfConsistency: SelfConsistency;
  seed: number;
  batchSize: number;
  onProgress?: (episodes: number) => void;
  signal?: AbortSignal | undefined;
}

/** The sum of what several calls took. */
export function addCosts(costs: readonly VotingCost[]): VotingCost {
  const sum: VotingCost = {
    turns: 0,
    calls: 0,
    promptTokens: 0,
    policyTokens: 0,
    executions: 0,
    invalid: 0,
    turnsWithoutValid: 0,
    turnsWithoutAgreement: 0,
  };
  for (const cost of costs) for (const name of Object.keys(sum) as (keyof VotingCost)[]) sum[name] += cost[name];
  return sum;
}

/**
 * Plays tasks on all workers of this machine with a model whose turns are voted on; the episodes come in the order of the tasks, and
 * neither they nor the cost depend on the number of workers.
 * @throws as `playEpisodes` does
 */
export async function playVoted(options: PlayVotedOptions): Promise<{ episodes: Trajectory[]; cost: VotingCost }> {
  const { pool, tasks, samplesPerTask, batchSize, selfConsistency, onProgress, signal } = options;
  const { parallel } = pool;
  const sideBySide = Math.max(1, Math.floor(batchSize / selfConsistency.samples));
  const pieces = Math.max(parallel, Math.ceil(tasks.length / (2 * sideBySide)));
  const size = Math.max(1, Math.ceil(tasks.length / pieces));
  const jobs: VotedEpisodesJob[] = [];
  for (let start = 0; start < tasks.length; start += size) {
    jobs.push({
      kind: 'voted-episodes',
      policy: options.policy,
      tokenizer: options.tokenizer,
      ...(options.retriever === undefined ? {} : { retriever: options.retriever }),
      environment: options.environment,
      tasks: tasks.slice(start, start + size),
      samplesPerTask,
      selfConsistency,
      seed: options.seed,
      batchSize,
    });
  }
  const played: { episodes: Trajectory[]; cost: VotingCost }[] = [];
  // One round of all workers at a time, so that an interrupt does not wait for all questions.
  while (played.length < jobs.length) {
    const round = jobs.slice(played.length, played.length + parallel);
    played.push(...(await untilAborted(() => pool.run(round), signal)));
    onProgress?.(played.reduce((sum, { episodes }) => sum + episodes.length, 0));
  }
  const episodes = played.flatMap((piece) => piece.episodes);
  requireSearches(episodes, options);
  return { episodes, cost: addCosts(played.map(({ cost }) => cost)) };
}
