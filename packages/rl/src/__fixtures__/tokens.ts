import { fc } from '@fast-check/vitest';
import * as tf from '@tensorflow/tfjs';

/** One token of a batch for a policy loss. */
export interface PolicyToken {
  logProb: number;
  oldLogProb: number;
  advantage: number;
  weight: number;
}

/** NaN everywhere, weight 0. */
export const poison: PolicyToken = {
  logProb: Number.NaN,
  oldLogProb: Number.NaN,
  advantage: Number.NaN,
  weight: 0,
};

/** Lists of tokens. */
export const listsOf = (tokens: readonly PolicyToken[]) => ({
  logProbs: tf.tensor1d(tokens.map(({ logProb }) => logProb)),
  oldLogProbs: tf.tensor1d(tokens.map(({ oldLogProb }) => oldLogProb)),
  advantages: tf.tensor1d(tokens.map(({ advantage }) => advantage)),
  weights: tf.tensor1d(tokens.map(({ weight }) => weight)),
});

/** Tensors `[batch, time]`. */
export const gridsOf = (rows: readonly (readonly PolicyToken[])[]) => {
  const { logProbs, oldLogProbs, advantages, weights } = listsOf(rows.flat());
  const shape: [number, number] = [rows.length, rows[0]?.length ?? 0];
  return {
    logProbs: tf.reshape(logProbs, shape),
    oldLogProbs: tf.reshape(oldLogProbs, shape),
    advantages: tf.reshape(advantages, shape),
    weights: tf.reshape(weights, shape),
  };
};

// Rounded to float32, so that the reference and the tensors start from the same numbers.
const float = (min: number, max: number) => fc.float({ min: Math.fround(min), max: Math.fround(max), noNaN: true });

/** Ratios between e^-0.7 and e^0.7; advantages of one sign or the other, never 0. */
export const anyPolicyToken: fc.Arbitrary<PolicyToken> = fc
  .record({ oldLogProb: float(-2, -1), step: float(-0.7, 0.7), size: float(0.25, 2), isGood: fc.boolean() })
  .map(({ oldLogProb, step, size, isGood }) => ({
    logProb: Math.fround(oldLogProb + step),
    oldLogProb,
    advantage: isGood ? size : -size,
    weight: 1,
  }));
