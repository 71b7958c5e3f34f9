import { type SelfConsistencyCost, selfConsistentActions } from '@dgpo/distill/agent';
import { runEpisodes } from '@dgpo/envs';
import type { Trajectory } from '@dgpo/trajectory';
import { type EpisodesJob, environmentFor, freeCache, policyFor } from './episodes-job.js';
import type { JobContext } from './jobs.js';

/** How candidates of a turn are sampled and voted on. */
export interface SelfConsistency {
  /** Candidates of a turn. */
  samples: number;
  temperature: number;
  /** `reference` votes on what code printed alone. */
  compat: 'none' | 'reference';
}

/** Plays tasks with a model whose turns are voted on. */
export interface VotedEpisodesJob extends Omit<EpisodesJob, 'kind' | 'policy' | 'temperature' | 'prefixes'> {
  kind: 'voted-episodes';
  policy: Exclude<EpisodesJob['policy'], 'expert'>;
  selfConsistency: SelfConsistency;
  /** Candidates sampled side by side; a turn's are always together. */
  batchSize: number;
}

/** What playing took, the same on every machine. */
export type VotingCost = Omit<SelfConsistencyCost, 'samplingSeconds' | 'executionSeconds'>;

export interface VotedEpisodes {
  episodes: Trajectory[];
  cost: VotingCost;
}

export async function runVotedEpisodesJob(context: JobContext, job: VotedEpisodesJob): Promise<VotedEpisodes> {
  const { samples, temperature, compat } = job.selfConsistency;
  const environment = await environmentFor(context, job);
  const sideBySide = Math.max(1, Math.floor(job.batchSize / samples));
  try {
    const policy = selfConsistentActions({
      policy: await policyFor(context, { ...job, batchSize: sideBySide * samples }),
      environment,
      samples,
      temperature,
      ...(compat === 'none' ? {} : { compat }),
    });
    const episodes = await runEpisodes({
      environment,
      policy,
      tasks: job.tasks,
      samplesPerTask: job.samplesPerTask,
      seed: job.seed,
      batchSize: sideBySide,
    });
    const { samplingSeconds: _, executionSeconds: __, ...cost } = policy.cost();
    return { episodes, cost };
  } finally {
    freeCache(context, job);
  }
}
