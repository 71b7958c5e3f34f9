import { ConfigError } from '@dgpo/trajectory';
import type { KlDirection, KlEstimator } from './token-kl.js';

export interface KlForm {
  /** From the sampled tokens, or exact over the vocabulary (`full`) or over the reference's top k and a tail (`topK`). */
  estimator: KlEstimator | 'full' | 'topK';
  direction: KlDirection;
  /** `reward`: subtracted from the reward, so that it reaches the policy as a policy gradient. `loss`: differentiated itself. */
  form: 'reward' | 'loss';
  /** Of a loss over sampled tokens, see {@link klLoss}. @default false */
  importanceWeighted?: boolean;
  /** Says that the gradient is knowingly not that of the KL asked for, as in a reference implementation. @default false */
  biased?: boolean;
}

/** What the expected gradient of a form is, at the states visited and with tokens from the policy itself. */
export type KlFormGradient = KlDirection | 'zero' | 'total-variation' | 'reverse-minus-forward' | 'other';

/**
 * The divergence whose gradient a form follows. For a penalty f in the reward that is `E[f·∇log π]`, for a loss `E[∇f]`, for an
 * importance-weighted loss `∇E[f]`, over tokens from the policy:
 *
 * | as            | k1                        | k2                       | k3                        | abs                    | full, topK    |
 * | ------------- | ------------------------- | ------------------------ | ------------------------- | ---------------------- | ------------- |
 * | reward        | reverse: `reverse`        | `other`                  | reverse: `reverse-minus-forward` | `other`         | `zero`        |
 * | loss          | reverse: `zero`           | `reverse`, whatever the direction | reverse: `forward` | `total-variation` (of 2·TV) | the direction |
 * | loss, weighted | the direction            | `other`                  | the direction             | `other`                | does not apply |
 *
 * Combinations that the table leaves out are `other`. `full` in the reward is a number that the sampled token does not change: a
 * baseline at its own token. Sources: Schulman 2020, http://joschu.net/blog/kl-approx.html; "A Comedy of Estimators", arXiv 2512.21852;
 * the weighted k3 is that of DeepSeek-V3.2, arXiv 2512.02556 (`use_bias_correction_kl` of TRL).
 */
export function klFormGradient(options: KlForm): KlFormGradient {
  const { estimator, direction, form, importanceWeighted = false } = options;
  const isReverse = direction === 'reverse';
  if (estimator === 'full' || estimator === 'topK') return form === 'reward' ? 'zero' : direction;
  if (form === 'reward') {
    if (!isReverse || estimator === 'k2' || estimator === 'abs') return 'other';
    return estimator === 'k1' ? 'reverse' : 'reverse-minus-forward';
  }
  if (importanceWeighted) return estimator === 'k1' || estimator === 'k3' ? direction : 'other';
  if (estimator === 'k2') return 'reverse';
  if (estimator === 'abs') return 'total-variation';
  if (!isReverse) return 'other';
  return estimator === 'k1' ? 'zero' : 'forward';
}

const names: Record<KlDirection, string> = {
  reverse: 'KL(policy ‖ reference)',
  forward: 'KL(reference ‖ policy)',
};

const words: Record<KlFormGradient, string> = {
  ...names,
  zero: 'nothing: in expectation it is 0',
  'total-variation': 'twice the total variation',
  'reverse-minus-forward': 'KL(policy ‖ reference) − KL(reference ‖ policy)',
  other: 'neither KL',
};

const cures: Record<KlDirection, Record<KlForm['form'], string>> = {
  reverse: {
    reward: 'take k1, or a loss of k2',
    loss: 'take k2, full, k1 or k3 with importanceWeighted, or k1 in the reward',
  },
  forward: {
    reward: 'no estimator has it in the reward: take a loss of full, or of k3 with importanceWeighted',
    loss: 'take full, or k1 or k3 with importanceWeighted',
  },
};

/**
 * Refuses a form whose expected gradient is not that of the divergence asked for, unless it says `biased`.
 *
 * @throws ConfigError that says which gradient it has and what to take instead, for `importanceWeighted` where it has no effect, and for
 * `biased` on a form that is not.
 */
export function checkKlForm(options: KlForm): void {
  const { estimator, direction, form, importanceWeighted = false, biased = false } = options;
  const isSampled = estimator !== 'full' && estimator !== 'topK';
  if (importanceWeighted && (form === 'reward' || !isSampled)) {
    const reason =
      form === 'reward'
        ? 'a penalty in the reward is weighted by the policy loss'
        : `${estimator} sums over tokens instead of sampling them`;
    throw new ConfigError(`has no effect here: ${reason}; leave it out`, { where: 'importanceWeighted' });
  }
  const gradient = klFormGradient(options);
  if (gradient === direction) {
    if (!biased) return;
    throw new ConfigError(`${estimator} as a ${form} has the right gradient; leave it out`, { where: 'biased' });
  }
  if (biased) return;
  const place =
    form === 'reward' ? 'in the reward' : `as a loss${importanceWeighted ? ' with importanceWeighted' : ''}`;
  throw new ConfigError(
    `${estimator} ${place} has the gradient of ${words[gradient]}, not that of ${names[direction]}; ${cures[direction][form]}, or say biased: true`,
    { where: 'estimator' },
  );
}
