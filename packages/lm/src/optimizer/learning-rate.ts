export interface LearningRateOptions {
  /** Peak. */
  learningRate: number;
  /** Updates from 0 to the peak. @default 0 */
  warmupSteps?: number;
  /** Length of the schedule in updates; needed by `cosine` and `linear`. */
  maxSteps?: number;
  /** @default 'constant' */
  lrSchedulerType?: 'constant' | 'linear' | 'cosine';
  /** Fraction of the peak at the end. @default 0 */
  minLearningRateRatio?: number;
}

/** The learning rate of update `step` (from 1): linear warm-up, then constant, linear or cosine to the minimum. */
export function learningRateAt(options: LearningRateOptions, step: number): number {
  const {
    learningRate,
    warmupSteps = 0,
    maxSteps = 0,
    lrSchedulerType = 'constant',
    minLearningRateRatio = 0,
  } = options;
  if (step <= warmupSteps) return (learningRate * step) / warmupSteps;
  if (lrSchedulerType === 'constant' || maxSteps <= warmupSteps) return learningRate;
  const progress = Math.min(1, (step - warmupSteps) / (maxSteps - warmupSteps));
  const remaining = lrSchedulerType === 'linear' ? 1 - progress : (1 + Math.cos(Math.PI * progress)) / 2;
  return learningRate * (minLearningRateRatio + (1 - minLearningRateRatio) * remaining);
}
