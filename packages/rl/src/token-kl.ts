/**
 * Estimators of a KL divergence from tokens that the policy sampled (Schulman 2020, http://joschu.net/blog/kl-approx.html). With
 * `x = log π − log π_ref` and `w = π_ref / π = e^−x`:
 *
 * |       | reverse, KL(π ‖ π_ref) | forward, KL(π_ref ‖ π) | value                                      |
 * | ----- | ---------------------- | ---------------------- | ------------------------------------------ |
 * | `k1`  | `x`                    | `w·log w`              | unbiased                                   |
 * | `k2`  | `½ x²`                 | `½ x²`                 | biased, right to second order              |
 * | `k3`  | `w − 1 − log w`        | `w·log w − w + 1`      | unbiased (reverse: but for its clamp to 10), never negative |
 * | `abs` | `│x│`                  | `│x│`                  | no estimate of a KL                        |
 *
 * What its gradient estimates depends on where it is put: see {@link checkKlForm}.
 */
export type KlEstimator = 'k1' | 'k2' | 'k3' | 'abs';

/** `reverse` is KL(policy ‖ reference), `forward` KL(reference ‖ policy), both at the states that the policy visits. */
export type KlDirection = 'reverse' | 'forward';

/** Logarithms of ratios are held within this before they are exponentiated, as in verl. */
export const LOG_RATIO_LIMIT = 20;

/** verl's bound of `low_var_kl`. */
export const K3_LIMIT = 10;

export interface TokenKlOptions {
  /** Of the sampled token under the policy, in nats. */
  logProb: number;
  /** Of the same token under the reference. */
  referenceLogProb: number;
  /** @default 'k1' */
  estimator?: KlEstimator;
  /** @default 'reverse' */
  direction?: KlDirection;
  /**
   * Multiplies the estimate by `π / π_old` and differentiates the product; k3 is then not clamped to 10.
   * @default false
   */
  importanceWeighted?: boolean;
  /** Under the policy that sampled, for `importanceWeighted`. @default logProb, a ratio of 1 */
  oldLogProb?: number;
}

export interface TokenKl {
  /** In nats. */
  value: number;
  /** Derivative of `value` by `logProb`, the sampled token fixed. */
  slope: number;
}

function plain(x: number, estimator: KlEstimator, direction: KlDirection): TokenKl {
  if (estimator === 'k2') return { value: 0.5 * x * x, slope: x };
  if (estimator === 'abs') return { value: Math.abs(x), slope: Math.sign(x) };
  if (estimator === 'k1' && direction === 'reverse') return { value: x, slope: 1 };
  const held = Math.min(LOG_RATIO_LIMIT, Math.max(-LOG_RATIO_LIMIT, x));
  const moves = held === x ? 1 : 0;
  const w = Math.exp(-held);
  if (direction === 'reverse') return { value: w + held - 1, slope: moves * (1 - w) };
  if (estimator === 'k1') return { value: -w * held, slope: moves * w * (held - 1) };
  return { value: 1 - w - w * held, slope: moves * w * held };
}

/** One estimate and its derivative, in float64. */
export function tokenKl(options: TokenKlOptions): TokenKl {
  const { logProb, referenceLogProb, estimator = 'k1', direction = 'reverse', importanceWeighted = false } = options;
  const estimate = plain(logProb - referenceLogProb, estimator, direction);
  if (!importanceWeighted) {
    const isClamped = estimator === 'k3' && direction === 'reverse' && estimate.value > K3_LIMIT;
    return isClamped ? { value: K3_LIMIT, slope: 0 } : estimate;
  }
  const logRatio = logProb - (options.oldLogProb ?? logProb);
  const held = Math.min(LOG_RATIO_LIMIT, Math.max(-LOG_RATIO_LIMIT, logRatio));
  const ratio = Math.exp(held);
  const ratioSlope = held === logRatio ? ratio : 0;
  return { value: ratio * estimate.value, slope: ratio * estimate.slope + ratioSlope * estimate.value };
}
