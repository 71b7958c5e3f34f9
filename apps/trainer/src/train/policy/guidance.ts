import {
  applyKlPenalty,
  estimateKl,
  type Grid,
  gateMetrics,
  gateWeights,
  type KlEstimator,
  tokenWeights,
} from '@dgpo/rl';
import type { Guidance } from '../../recipe/guidance-section.js';
import type { TrainingBatch } from './training-batch.js';

export interface RewardGuidance {
  /** Token rewards: the scores, less the penalty where guidance is in the reward. */
  rewards: Grid;
  /** What β is steered by: the KL per token of gated rows. */
  klMean: number;
  gatedRows: number;
  metrics: Record<string, number>;
}

/** An exact divergence is measured by k1 of the sampled tokens, whose mean it is. */
const sampledEstimator = ({ estimator }: Guidance): KlEstimator =>
  estimator === 'full' || estimator === 'topK' ? 'k1' : estimator;

/**
 * The rewards of the tokens, with the gated penalty in them where the recipe puts it there, and what to log of gated and ungated rows
 * apart: KL (k1, reverse) per token, length, reward, and β·Σk1, which tells whether β is large beside the reward.
 *
 * @param options.referenceLogProbs of the reference; undefined where nothing guides
 */
export function guideRewards(options: {
  batch: TrainingBatch;
  guidance: Guidance;
  beta: number;
  oldLogProbs: Grid;
  referenceLogProbs: Grid | undefined;
}): RewardGuidance {
  const { batch, guidance, beta, oldLogProbs, referenceLogProbs } = options;
  const { mask: policyMask, scores, gate, episodes } = batch;
  const reward = episodes.map(({ outcome }) => outcome.reward);
  if (referenceLogProbs === undefined) {
    const kl = { data: new Float32Array(policyMask.data.length), shape: policyMask.shape };
    const { rewards } = applyKlPenalty({ scores, kl, policyMask, gate, beta: 0 });
    const metrics = guidance.gate === 'never' ? {} : gateMetrics({ gate, policyMask, perRow: { reward } });
    return { rewards, klMean: 0, gatedRows: 0, metrics };
  }
  const sampled = { logProbs: oldLogProbs, referenceLogProbs, policyMask };
  const penalty = applyKlPenalty({
    scores,
    kl: estimateKl({ ...sampled, estimator: sampledEstimator(guidance), direction: guidance.direction }),
    policyMask,
    gate,
    beta: guidance.form === 'reward' ? beta : 0,
    aggregation: guidance.aggregation,
  });
  const k1 = estimateKl(sampled);
  const everyRow = new Float32Array(gate.length).fill(1);
  const { rowPenalty } = applyKlPenalty({ scores, kl: k1, policyMask, gate: everyRow, beta });
  return {
    rewards: penalty.rewards,
    klMean: penalty.klMean,
    gatedRows: penalty.gatedRows,
    metrics: {
      kl: penalty.klMean,
      ...(guidance.form === 'reward' ? { beta_kl_sum: penalty.betaKlSumMean } : {}),
      ...gateMetrics({ gate, policyMask, perToken: { kl: k1 }, perRow: { reward, beta_kl_sum: rowPenalty } }),
    },
  };
}

/**
 * Weight of the KL loss of every token of a mini-batch, β in it: `sum` adds the tokens of a gated episode and averages over episodes,
 * `token-mean` averages over all tokens, as the policy loss does.
 */
export function guidanceWeights(options: {
  mask: Grid;
  gate: Float32Array;
  guidance: Pick<Guidance, 'aggregation'>;
  beta: number;
}): Grid {
  const { mask, gate, guidance, beta } = options;
  const aggregation = guidance.aggregation === 'sum' ? 'seq-mean-token-sum' : 'token-mean';
  const { data, shape } = gateWeights({ weights: tokenWeights({ mask, aggregation }), gate });
  return { data: data.map((weight) => weight * beta), shape };
}
