import { type Grid, requireLength } from './grid.js';

/**
 * Weights of a loss that applies behind the failure gate: those of {@link tokenWeights} in gated rows, 0 elsewhere. They are not
 * normalised again, so that a batch with few failures feels the teacher less, as with the penalty in the reward.
 *
 * @param options.weights of the whole mini-batch, `[batch, time]`
 * @param options.gate `[batch]`, see {@link failureGate}
 * @throws RangeError when the gate does not have one entry per row.
 */
export function gateWeights(options: { weights: Grid; gate: Float32Array }): Grid {
  const { weights, gate } = options;
  const [batch, time] = weights.shape;
  requireLength('gate', gate.length, batch);
  const data = weights.data.map((weight, index) => (gate[Math.floor(index / time)] === 1 ? weight : 0));
  return { data, shape: weights.shape };
}
