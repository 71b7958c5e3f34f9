export type KlControllerOptions =
  | { type: 'fixed'; beta: number }
  | {
      type: 'adaptive';
      /** To begin with. After a resume, the β that was saved. */
      beta: number;
      /** Nats per token to steer towards. */
      targetKl: number;
      /** Episodes over which an error of 100 % would double β; the error itself is clipped to 20 %. */
      horizon: number;
    };

export interface KlController {
  /** The coefficient to use now; it is the whole state, so a checkpoint needs nothing else. */
  readonly beta: number;
  /**
   * @param signal.kl mean over the tokens of gated rows, see `klMean` of {@link applyKlPenalty}
   * @param signal.gatedRows rows that `kl` was measured on; without any there is no signal and β stays
   * @param signal.batchSize episodes of the update
   * @throws RangeError when the KL is not finite.
   */
  update(signal: { kl: number; gatedRows: number; batchSize: number }): void;
}

const requirePositive = (name: string, value: number) => {
  if (!(value > 0 && Number.isFinite(value))) throw new RangeError(`${name} must be a positive number, found ${value}`);
};

/**
 * The coefficient of the KL penalty: fixed, or steered towards a target by `β ← β·(1 + clip(kl/target − 1, ±0.2)·batchSize/horizon)`
 * (Ziegler et al. 2019, arXiv 1909.08593, section 2.2; verl, `AdaptiveKLController`). Unlike the released DGPO code the signal is averaged
 * over gated rows alone: the zeros of correct rows would make β decay as accuracy rises.
 *
 * @throws RangeError when β is negative, or target or horizon are not positive.
 */
export function createKlController(options: KlControllerOptions): KlController {
  let { beta } = options;
  if (!(beta >= 0 && Number.isFinite(beta))) throw new RangeError(`beta must not be negative, found ${beta}`);
  if (options.type === 'adaptive') {
    requirePositive('targetKl', options.targetKl);
    requirePositive('horizon', options.horizon);
  }
  return {
    get beta() {
      return beta;
    },
    update({ kl, gatedRows, batchSize }) {
      if (options.type === 'fixed' || gatedRows === 0) return;
      if (!Number.isFinite(kl)) throw new RangeError(`kl must be finite, found ${kl}`);
      const error = Math.min(0.2, Math.max(-0.2, kl / options.targetKl - 1));
      // A batch larger than the horizon must not turn the coefficient negative.
      beta *= Math.max(0, 1 + (error * batchSize) / options.horizon);
    },
  };
}
