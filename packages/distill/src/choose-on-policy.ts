import { ConfigError, createRandom } from '@dgpo/trajectory';

export interface ChooseOnPolicyOptions {
  seed: number;
  /** Of the training. */
  step: number;
  /** Task of every row. */
  taskIds: readonly string[];
  /** λ: probability that the student writes for a task itself; 0 is supervised, 1 fully on-policy. */
  fraction: number;
}

/**
 * Which rows of a step the student plays itself, the rest coming from the data set (GKD, arXiv 2306.13649, algorithm 1; `lmbda` of TRL).
 * The draw is one per task, not one per batch: it depends on the seed, the step and the task id alone, so the order of rows and the cut
 * into micro-batches change nothing, and all samples of a task go the same way.
 *
 * @returns one boolean per row, true for on-policy
 * @throws ConfigError when the fraction is not between 0 and 1.
 */
export function chooseOnPolicy(options: ChooseOnPolicyOptions): boolean[] {
  const { seed, step, taskIds, fraction } = options;
  if (!(fraction >= 0 && fraction <= 1)) {
    throw new ConfigError(`expected 0 to 1, found ${fraction}`, { where: 'fraction' });
  }
  const random = createRandom(seed);
  return taskIds.map((taskId) => random.split('on-policy', step, taskId).next() < fraction);
}
