import { ConfigError } from '@dgpo/trajectory';
import * as tf from '@tensorflow/tfjs-core';
import { divergenceGradient } from './divergence-gradient.js';
import type { DivergenceName } from './divergence-terms.js';
import { rowOp } from './row-op.js';

export interface DivergenceOptions {
  /**
   * - `fkl`: KL(p ‖ q), the cold start of DGPO. Covers all that the teacher does.
   * - `rkl`: KL(q ‖ p). Concentrates on what the teacher finds likely.
   * - `js`: (1 − β)·KL(q ‖ m) + β·KL(p ‖ m) with m = βp + (1 − β)q (GKD, arXiv 2306.13649, eq. 1).
   * - `skew-fkl`: KL(p ‖ λp + (1 − λ)q), `skew-rkl`: KL(q ‖ (1 − λ)p + λq) (DistiLLM, arXiv 2402.03898, eq. 4 and 5).
   * - `tvd`: total variation, ½ Σ |p − q|.
   * - `adaptive-kl`: h·KL(p ‖ q) + (1 − h)·KL(q ‖ p), where h is the share of Σ |p − q| that lies in the head of the teacher (Wu et al.,
   *   arXiv 2404.02657, and the `get_ratio` of their code): the head learns by `fkl`, the tail by `rkl`. No gradient flows through h.
   */
  name: DivergenceName;
  /**
   * Weight of the teacher in the mixture of `js`, from 0 to 1. At both ends the definition is 0 everywhere; there it stands, as in TRL, for
   * what `js` is proportional to nearby: `fkl` at 0 (js / β) and `rkl` at 1 (js / (1 − β)). @default 0.1
   */
  beta?: number;
  /** Skew of `skew-fkl` and `skew-rkl`, from 0 (no skew) to below 1. @default 0.1 */
  lambda?: number;
  /** μ of `adaptive-kl`: probability of the teacher's head, which always holds its most probable token; between 0 and 1. @default 0.5 */
  headThreshold?: number;
  /** `[n, vocabulary]`; the gradient flows here alone. */
  studentLogits: tf.Tensor2D;
  /** `[n, vocabulary]` in the same vocabulary. */
  teacherLogits: tf.Tensor2D;
  /** `[n]`: rows with 0 give 0 and no gradient, even if they are NaN. @default all 1 */
  mask?: tf.Tensor1D | undefined;
  /** Divides both logits; the value is not multiplied by its square afterwards. @default 1 */
  temperature?: number;
}

/** @throws ConfigError unless both models score the same rows. */
export function requireLogits(
  options: Pick<DivergenceOptions, 'studentLogits' | 'teacherLogits' | 'mask' | 'temperature'>,
): void {
  const { studentLogits, teacherLogits, mask, temperature = 1 } = options;
  if (!(temperature > 0)) throw new ConfigError(`expected more than 0, found ${temperature}`, { where: 'temperature' });
  if (studentLogits.shape.join() !== teacherLogits.shape.join()) {
    throw new ConfigError(
      `student [${studentLogits.shape.join(', ')}] and teacher [${teacherLogits.shape.join(', ')}] differ: they must score the same tokens in the same vocabulary`,
      { where: 'logits' },
    );
  }
  if (mask !== undefined && mask.shape[0] !== studentLogits.shape[0]) {
    throw new ConfigError(`${mask.shape[0]} entries for ${studentLogits.shape[0]} rows`, { where: 'mask' });
  }
}

function requireParameters({ beta = 0.1, lambda = 0.1, headThreshold = 0.5 }: DivergenceOptions): void {
  if (!(beta >= 0 && beta <= 1)) throw new ConfigError(`expected 0 to 1, found ${beta}`, { where: 'beta' });
  if (!(headThreshold > 0 && headThreshold < 1)) {
    throw new ConfigError(`expected a number between 0 and 1, found ${headThreshold}`, { where: 'headThreshold' });
  }
  if (!(lambda >= 0 && lambda < 1))
    throw new ConfigError(`expected 0 to below 1, found ${lambda}`, { where: 'lambda' });
}

/**
 * Divergence of two next-token distributions per token, with its analytic gradient to the student's logits; the teacher is a constant.
 *
 * The value is the whole divergence: implementations that drop the entropy of the teacher from KL(p ‖ q) have the same gradient, but
 * here a value of 0 means that the models agree, and none is negative beyond rounding. A vocabulary entry where either logit is −∞ adds
 * nothing (as in TAID), so padded vocabularies work. Gradients scale with 1 / temperature.
 *
 * Memory: about ten tensors of the size of the logits while it runs, one kept for the gradient. Rows do not know of each other, so it can
 * be called on some at a time: `vocabularyLoss` of @dgpo/lm does that straight from hidden states.
 *
 * @returns `[n]`, in nats except for `tvd`
 * @throws ConfigError for parameters out of range or shapes that do not fit.
 */
export function divergence(options: DivergenceOptions): tf.Tensor1D {
  const { name, teacherLogits, mask, beta = 0.1, lambda = 0.1, headThreshold = 0.5, temperature = 1 } = options;
  requireParameters(options);
  requireLogits(options);
  const values = rowOp({
    logits: options.studentLogits,
    mask,
    compute: (studentLogits) => {
      const settings = { name, beta, lambda, headThreshold, temperature };
      const { value, gradient } = divergenceGradient({ ...settings, studentLogits, teacherLogits });
      return { values: [value], gradient };
    },
  });
  return tf.reshape(values, [-1]) as tf.Tensor1D;
}
