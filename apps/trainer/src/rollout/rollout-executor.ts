import type { EpisodesJob } from '../compute/episodes-job.js';
import type { Job, JobResult, ModelJob } from '../compute/jobs.js';
import type { OpenJob, TrainableJob } from '../compute/open-job.js';
import type { ComputePool } from '../compute/pool.js';
import type { ReadJob } from '../compute/read-job.js';

/** What can be done away from the trainer: playing episodes and reading passages. */
export type RolloutJob = EpisodesJob | ReadJob;

/** A job of the pool that changes what a model is. */
export type PublishedJob = ModelJob | OpenJob | TrainableJob;

/** Plays episodes and reads passages, here or elsewhere. What comes of a job depends on the job and the weights alone. */
export interface RolloutExecutor {
  /** How many jobs are worth giving at one time; it may change while workers come and go. */
  readonly parallel: number;
  /**
   * Runs jobs; results come in their order. A job is played with the weights that its model has at the time of the call. With every
   * executor but the plain local one, new weights may be published before it is done.
   */
  run<J extends RolloutJob>(jobs: readonly J[]): Promise<JobResult<J>[]>;
  /** Makes new weights known; jobs that are given already keep theirs. */
  publish(job: PublishedJob): Promise<void>;
  close(): Promise<void>;
}

/**
 * The executor of one machine: the workers of a pool, which have the weights from the pool's own broadcasts. They play with the newest
 * weights: who broadcasts waits for the jobs that are to be played with the ones before (`createSnapshotExecutor` needs no waiting).
 */
export function createLocalExecutor(pool: ComputePool): RolloutExecutor {
  return {
    get parallel() {
      return pool.parallel;
    },
    run: (jobs) => pool.run(jobs),
    publish: async () => undefined,
    close: async () => undefined,
  };
}

const isPublished = (job: Job): job is PublishedJob =>
  job.kind === 'model' || job.kind === 'open' || job.kind === 'trainable';

/** A pool whose broadcasts of models reach an executor too. */
export function publishingPool(pool: ComputePool, executor: RolloutExecutor): ComputePool {
  return {
    get parallel() {
      return pool.parallel;
    },
    run: (jobs) => pool.run(jobs),
    broadcast: async (job) => {
      // First, before the broadcast may change what the job refers to.
      if (isPublished(job)) await executor.publish(job);
      await pool.broadcast(job);
    },
    close: () => pool.close(),
  };
}
