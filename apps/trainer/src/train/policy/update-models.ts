import { type createRandom, ModelError } from '@dgpo/trajectory';
import type { TrainedModel, UpdateResult } from '../trained-model.js';
import { checkFirstRatio } from './first-ratio.js';
import { policyJobs, type UpdateData, valueJobs } from './mini-batches.js';

export interface UpdateModelsOptions {
  data: UpdateData;
  student: TrainedModel;
  critic?: TrainedModel | undefined;
  /** False during the warm-up of the critic. */
  trainsPolicy: boolean;
  learningRate: number;
  /** Optimiser steps in a row that were skipped before this update. */
  skippedInRow: number;
  /** Order of the rows in an epoch. */
  random: (epoch: number) => ReturnType<typeof createRandom>;
}

const mean = (values: readonly number[]) => values.reduce((total, value) => total + value, 0) / values.length;

/** Counts the steps that a loss or gradient that is not finite took away. */
function skipCounter(limit: number, before: number) {
  let inRow = before;
  let total = 0;
  return {
    /** @throws ModelError when too many were skipped in a row. */
    note: (model: string, { skipped, loss, gradientNorm }: UpdateResult): boolean => {
      inRow = skipped ? inRow + 1 : 0;
      total += skipped ? 1 : 0;
      if (inRow < limit) return skipped;
      throw new ModelError(
        `${inRow} optimiser steps in a row were skipped, as loss or gradient were not finite (the last of ${model}: loss ${loss}, gradient norm ` +
          `${gradientNorm}); lower the learning rate or maxGradNorm, and check the rewards`,
      );
    },
    metrics: () => ({ skipped_updates: total, skipped_updates_in_row: inRow }),
  };
}

/** Means over the tokens of a mini-batch, under the names of TRL. */
function policyMetrics(
  { metrics, gradientNorm }: UpdateResult,
  { totalWeight, hasDualClip }: { totalWeight: number; hasDualClip: boolean },
): Record<string, number> {
  const share = (name: string) => (metrics[name] ?? 0) / totalWeight;
  return {
    grad_norm: gradientNorm,
    'loss/policy_avg': metrics.policyLoss ?? 0,
    entropy: share('entropy'),
    'policy/approxkl_avg': share('approxKl'),
    'policy/clipfrac_avg': share('clipFraction'),
    ...(hasDualClip ? { 'actor/pg_clipfrac_lower': share('dualClipFraction') } : {}),
    ...(metrics.guidanceLoss === undefined ? {} : { 'loss/guidance': metrics.guidanceLoss }),
    ...(metrics.lldsLoss === undefined ? {} : { 'loss/llds': metrics.lldsLoss }),
  };
}

/**
 * The epochs of one update over its mini-batches, policy and critic in turn.
 *
 * @returns means over the mini-batches
 * @throws ModelError when the first ratio is not 1, or too many steps in a row were not finite.
 */
export async function updateModels(options: UpdateModelsOptions): Promise<Record<string, number>> {
  const { data, student, critic, trainsPolicy, learningRate } = options;
  const { settings, batch, old } = data;
  const values: Record<string, number[]> = {};
  const record = (metrics: Record<string, number>) => {
    for (const [name, value] of Object.entries(metrics)) values[name] = [...(values[name] ?? []), value];
  };
  const skips = skipCounter(settings.maxSkippedUpdates, options.skippedInRow);
  const entropy = { gated: 0, ungated: 0 };
  const hasDualClip = settings.policyLoss.dualClip !== undefined;
  let isFirst = true;
  for (let epoch = 0; epoch < settings.ppoEpochs; epoch++) {
    const order = options.random(epoch).shuffle(batch.rows.map((_, index) => index));
    for (let start = 0; start < order.length; start += settings.miniBatchSize) {
      const members = order.slice(start, start + settings.miniBatchSize);
      const { jobs, totalWeight } = trainsPolicy ? policyJobs(data, members) : { jobs: [], totalWeight: 0 };
      if (jobs.length > 0) {
        const check = ({ metrics }: Pick<UpdateResult, 'metrics'>) => {
          if (!isFirst) return;
          isFirst = false;
          const [ratio = Number.NaN, approxKl = Number.NaN] = [metrics.ratio, metrics.approxKl];
          checkFirstRatio({
            ratio: ratio / totalWeight,
            approxKl: approxKl / totalWeight,
            isRecomputed: old.isRecomputed,
          });
        };
        const result = await student.update({ jobs, learningRate, check });
        if (!skips.note(student.name, result)) record(policyMetrics(result, { totalWeight, hasDualClip }));
        if (epoch === 0) {
          entropy.gated += result.metrics.gatedEntropy ?? 0;
          entropy.ungated += result.metrics.ungatedEntropy ?? 0;
        }
      }
      const criticJobs = critic === undefined ? [] : valueJobs(data, members);
      if (critic !== undefined && criticJobs.length > 0) {
        const result = await critic.update({ jobs: criticJobs, learningRate: settings.criticLearningRate });
        if (!skips.note(critic.name, result)) record({ 'loss/value_avg': result.loss });
      }
    }
  }
  return {
    ...Object.fromEntries(Object.entries(values).map(([name, list]) => [name, mean(list)])),
    ...(trainsPolicy && settings.guidance.gate !== 'never' ? entropyMetrics(data, entropy) : {}),
    ...skips.metrics(),
  };
}

/** Entropy per token in the first epoch, of gated and ungated rows apart; 0 where there are none. */
function entropyMetrics({ batch }: UpdateData, entropy: { gated: number; ungated: number }): Record<string, number> {
  const tokensOf = (side: number) =>
    batch.counts.reduce((total, count, row) => total + (batch.gate[row] === side ? count : 0), 0);
  return {
    'gated/entropy': entropy.gated / Math.max(1, tokensOf(1)),
    'ungated/entropy': entropy.ungated / Math.max(1, tokensOf(0)),
  };
}
