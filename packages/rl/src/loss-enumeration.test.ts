import { fc, test as property } from '@fast-check/vitest';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect } from 'vitest';
import { logits, logSoftmax } from './__fixtures__/distributions.js';
import { expectClose, gridOf, preciseDifferences, valueAndGradient } from './__fixtures__/numerics.js';
import { cispoLoss } from './cispo-loss.js';
import { entropyBonus } from './entropy-bonus.js';
import { exactKl } from './exact-kl.js';
import { generalizedAdvantageEstimation } from './generalized-advantage-estimation.js';
import { gspoLoss } from './gspo-loss.js';
import { type KlForm, klFormGradient } from './kl-form.js';
import { klLoss } from './kl-loss.js';
import { lldsLoss } from './llds-loss.js';
import { policyLoss } from './policy-loss.js';
import { samplerCorrection } from './sampler-correction.js';
import { valueLoss } from './value-loss.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

// Every token of the vocabulary is one row of the batch, weighted by how likely it is to be sampled.
const VOCABULARY = 5;
// Exact in float32, and none is 0.
const reward = fc.integer({ min: -64, max: 63 }).map((n) => (n < 0 ? n : n + 1) / 32);
const rewards = fc.array(reward, { minLength: VOCABULARY, maxLength: VOCABULARY });
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const expectation = (logProbs: readonly number[], of: (a: number) => number) =>
  sum(logProbs.map((logProb, a) => Math.exp(logProb) * of(a)));
const at = (list: readonly number[], index: number) => list[index] as number;
const exps = (values: readonly number[]) => tf.tensor1d(values.map(Math.exp));

/** Gradient of a loss over the log-probabilities, by the logits. */
const byLogits = (z: readonly number[], loss: (logProbs: tf.Tensor) => tf.Scalar) =>
  valueAndGradient((x) => loss(tf.logSoftmax(x)), tf.tensor1d([...z]));

/** `−∇E[A]` by the logits: its closed form, held against differences of the expectation. */
function descent(z: readonly number[], advantages: readonly number[]): number[] {
  const q = logSoftmax(z);
  const mean = expectation(q, (a) => at(advantages, a));
  const closed = q.map((logQ, j) => -Math.exp(logQ) * (at(advantages, j) - mean));
  const objective = (x: number[]) => -expectation(logSoftmax(x), (a) => at(advantages, a));
  expectClose(closed, preciseDifferences(objective, z), 1e-10);
  return closed;
}

describe('policy losses, over an enumerated vocabulary', () => {
  const free = { clipRatioLow: 1, clipRatioHigh: 1000 };

  property.prop([logits, rewards], { numRuns: 30 })('at the policy that sampled: the policy gradient', async (z, A) => {
    const old = logSoftmax(z);
    const tokens = { oldLogProbs: tf.tensor1d(old), advantages: tf.tensor1d(A), weights: exps(old) };
    const expected = descent(z, A);
    const sequences = A.map((_, a) => a);
    const wide = { clipRatioLow: 0.2, clipRatioHigh: 0.2 };
    for (const loss of [
      (logProbs: tf.Tensor) => policyLoss({ ...tokens, logProbs }).loss,
      (logProbs: tf.Tensor) => cispoLoss({ ...tokens, logProbs }).loss,
      (logProbs: tf.Tensor) => gspoLoss({ ...tokens, ...wide, sequences, logProbs }).loss,
    ]) {
      expectClose((await byLogits(z, loss)).gradient, expected, 1e-5);
    }
  });

  property.prop([logits, logits, rewards], { numRuns: 30 })(
    'unclipped, with tokens of older weights: still the gradient of the policy now',
    async (z, before, A) => {
      const old = logSoftmax(before);
      const tokens = { oldLogProbs: tf.tensor1d(old), advantages: tf.tensor1d(A), weights: exps(old) };
      const expected = descent(z, A);
      const ppo = await byLogits(z, (logProbs) => policyLoss({ ...tokens, ...free, logProbs }).loss);
      const value = -expectation(logSoftmax(z), (a) => at(A, a));
      expectClose([ppo.value, ...ppo.gradient], [value, ...expected], 1e-5);
      const cispo = await byLogits(z, (logProbs) => cispoLoss({ ...tokens, ...free, logProbs }).loss);
      expectClose(cispo.gradient, expected, 1e-5);
    },
  );

  property.prop([logits, logits, logits, rewards], { numRuns: 30 })(
    'importance weights of the sampler correction make up for another sampler',
    async (z, before, sampler, A) => {
      const [old, sampled] = [logSoftmax(before), logSoftmax(sampler)];
      const column = (values: readonly number[]) => gridOf(values.map((value) => [value]));
      const { weights } = samplerCorrection({
        samplerLogProbs: column(sampled),
        trainerLogProbs: column(old),
        mask: column(A.map(() => 1)),
        cap: 1000,
      });
      const tokens = { oldLogProbs: tf.tensor1d(old), advantages: tf.tensor1d(A), weights: exps(sampled) };
      const importanceWeights = tf.tensor1d(weights.data);
      const { gradient } = await byLogits(
        z,
        (logProbs) => policyLoss({ ...tokens, ...free, importanceWeights, logProbs }).loss,
      );
      expectClose(gradient, descent(z, A), 1e-5);
    },
  );

  property.prop([logits, logits, rewards, fc.constantFrom(undefined, 1.5)], { numRuns: 50 })(
    'clipped: a token past its limit is silent, the others keep their gradient',
    async (z, before, A, dualClip) => {
      const [q, old] = [logSoftmax(z), logSoftmax(before)];
      const limits = { clipRatioLow: 0.2, clipRatioHigh: 0.28 };
      const ratiosOf = (logProbs: readonly number[]) => logProbs.map((logQ, a) => Math.exp(logQ - at(old, a)));
      const ratios = ratiosOf(q);
      const borders = [0.8, 1.28, 1.5];
      fc.pre(ratios.every((ratio) => borders.every((border) => Math.abs(ratio - border) > 0.02)));
      const lossOf = (logProbs: readonly number[]) => {
        const terms = ratiosOf(logProbs).map((ratio, a) => {
          const plain = Math.max(-at(A, a) * ratio, -at(A, a) * Math.min(1.28, Math.max(0.8, ratio)));
          return at(A, a) < 0 && dualClip !== undefined ? Math.min(plain, -at(A, a) * dualClip) : plain;
        });
        return expectation(old, (a) => at(terms, a));
      };
      const moves = ratios.map((ratio, a) =>
        at(A, a) > 0 ? ratio < 1.28 : ratio > 0.8 && (dualClip === undefined || ratio < dualClip),
      );
      const heard = expectation(q, (a) => (moves[a] === true ? at(A, a) : 0));
      const expected = q.map((logQ, j) => -Math.exp(logQ) * ((moves[j] === true ? at(A, j) : 0) - heard));
      const differences = preciseDifferences((x) => lossOf(logSoftmax(x)), z, 1e-3);
      expectClose(expected, differences, 1e-10);
      const { value, gradient } = await byLogits(
        z,
        (logProbs) =>
          policyLoss({
            logProbs,
            oldLogProbs: tf.tensor1d(old),
            advantages: tf.tensor1d(A),
            weights: exps(old),
            ...limits,
            ...(dualClip === undefined ? {} : { dualClip }),
          }).loss,
      );
      expectClose([value], [lossOf(q)], 1e-5);
      expectClose(gradient, expected, 1e-5);
    },
  );

  property.prop([logits, rewards], { numRuns: 20 })(
    'GSPO over every sequence of two tokens: half the policy gradient of their sum',
    async (z, A) => {
      const q = logSoftmax(z);
      const pairs = A.flatMap((_, a) => A.map((__, b) => [a, b] as const));
      const list = (of: (pair: readonly [number, number], place: 0 | 1) => number) =>
        tf.tensor2d(pairs.map((pair) => [of(pair, 0), of(pair, 1)]));
      const chosen = tf.oneHot(tf.tensor1d(pairs.flat(), 'int32'), VOCABULARY);
      const tokens = {
        oldLogProbs: list((pair, place) => at(q, pair[place])),
        advantages: list(([a, b]) => at(A, a) + at(A, b)),
        // The mean of both tokens, times how likely the sequence is.
        weights: list(([a, b]) => 0.5 * Math.exp(at(q, a) + at(q, b))),
      };
      const { gradient } = await byLogits(z, (logProbs) => {
        const all = tf.reshape(tf.matMul(chosen, tf.reshape(logProbs, [VOCABULARY, 1])), [pairs.length, 2]);
        return gspoLoss({ ...tokens, logProbs: all }).loss;
      });
      const half = (x: number[]) =>
        -0.5 * expectation(logSoftmax(x), (a) => expectation(logSoftmax(x), (b) => at(A, a) + at(A, b)));
      expectClose(gradient, preciseDifferences(half, z), 1e-5);
    },
  );

  property.prop([logits, logits, rewards], { numRuns: 30 })(
    'LLDS raises exactly what has fallen and was not bad',
    async (z, before, A) => {
      const [q, old] = [logSoftmax(z), logSoftmax(before)];
      const isHeld = q.map((logQ, a) => at(A, a) >= 0 && at(old, a) - logQ > 0);
      fc.pre(q.every((logQ, a) => Math.abs(logQ - at(old, a)) > 1e-4));
      const lost = (x: readonly number[]) =>
        0.2 * expectation(old, (a) => (isHeld[a] === true ? at(old, a) - at(x, a) : 0));
      const { value, gradient } = await byLogits(
        z,
        (logProbs) =>
          lldsLoss({
            logProbs,
            oldLogProbs: tf.tensor1d(old),
            advantages: tf.tensor1d(A),
            weights: exps(old),
            actions: A.map((_, a) => a),
          }).loss,
      );
      expectClose([value], [lost(q)], 1e-5);
      expectClose(
        gradient,
        preciseDifferences((x) => lost(logSoftmax(x)), z),
        1e-5,
      );
    },
  );
});

const forms = (['k1', 'k2', 'k3', 'abs'] as const).flatMap((estimator) =>
  (['reverse', 'forward'] as const).flatMap((direction) =>
    [false, true].map((importanceWeighted) => ({ estimator, direction, importanceWeighted, form: 'loss' }) as const),
  ),
) satisfies KlForm[];

describe.each(forms)('klLoss, $estimator $direction, weighted $importanceWeighted', (form) => {
  const known = klFormGradient(form);
  property.prop([logits, logits, logits], { numRuns: 20 })(
    `has the gradient ${known}`,
    async (z, reference, before) => {
      const [q, p] = [logSoftmax(z), logSoftmax(reference)];
      // Only the weighted forms bear tokens of older weights.
      const old = form.importanceWeighted ? logSoftmax(before) : q;
      const { gradient } = await byLogits(
        z,
        (logProbs) =>
          klLoss({
            logProbs,
            referenceLogProbs: tf.tensor1d(p),
            oldLogProbs: tf.tensor1d(old),
            weights: exps(old),
            ...form,
            biased: known !== form.direction,
          }).loss,
      );
      const exact = (direction: 'reverse' | 'forward') => [
        ...exactKl({ logProbs: q, referenceLogProbs: p, vocabularySize: VOCABULARY, direction }).logitGradient,
      ];
      const signs = q.map((logQ, a) => Math.sign(logQ - at(p, a)));
      const mean = expectation(q, (a) => at(signs, a));
      if (known === 'zero')
        expectClose(
          gradient,
          q.map(() => 0),
          1e-5,
        );
      else if (known === 'reverse' || known === 'forward') expectClose(gradient, exact(known), 1e-5);
      else if (known === 'total-variation') {
        fc.pre(q.every((logQ, a) => Math.abs(logQ - at(p, a)) > 1e-5));
        expectClose(
          gradient,
          q.map((logQ, a) => Math.exp(logQ) * (at(signs, a) - mean)),
          1e-5,
        );
      } else expect(known).toBe('other');
    },
  );
});

property.prop([logits], { numRuns: 30 })('entropyBonus: the gradient of the entropy', async (z) => {
  const entropyOf = (x: readonly number[]) => -expectation(logSoftmax(x), (a) => at(logSoftmax(x), a));
  const q = logSoftmax(z);
  const closed = q.map((logQ) => 0.5 * Math.exp(logQ) * (logQ + entropyOf(z)));
  expectClose(
    closed,
    preciseDifferences((x) => -0.5 * entropyOf(x), z),
    1e-10,
  );
  const { value, gradient } = await byLogits(z, (logProbs) => {
    const entropy = tf.reshape(tf.neg(tf.sum(tf.mul(tf.exp(logProbs), logProbs))), [1]);
    return entropyBonus({ entropy, weights: tf.tensor1d([1]), coefficient: 0.5 }).loss;
  });
  expectClose([value, ...gradient], [-0.5 * entropyOf(z), ...closed], 1e-5);
});

property.prop([logits, rewards, reward], { numRuns: 30 })(
  'valueLoss: within its range it pulls the value to the expected return',
  async (z, R, value) => {
    const q = logSoftmax(z);
    const values = tf.tensor1d(R.map(() => value));
    const { gradient } = await valueAndGradient(
      (x) => valueLoss({ values: x, oldValues: values, returns: tf.tensor1d(R), weights: exps(q) }).loss,
      values,
    );
    expectClose([sum(gradient)], [value - expectation(q, (a) => at(R, a))], 1e-5);
  },
);

property.prop([logits, logits, rewards, reward], { numRuns: 30 })(
  'GAE with λ = 1: whatever the critic says, the policy gradient, over every episode of two tokens with an observation',
  (first, second, R, value) => {
    const [q, next] = [logSoftmax(first), logSoftmax(second)];
    const episodes = R.flatMap((_, a) => R.map((__, b) => [a, b] as const));
    const steps = episodes.map(() => [1, 0, 1]);
    const mask = gridOf(steps);
    const { advantages } = generalizedAdvantageEstimation({
      rewards: gridOf(episodes.map(([a, b]) => [at(R, a), Number.NaN, at(R, b) * at(R, a)])),
      values: gridOf(episodes.map(([a]) => [value, Number.NaN, at(R, a) - value])),
      mask,
      policyMask: mask,
    });
    const score = (logProbs: readonly number[], chosen: number) =>
      logProbs.map((logProb, j) => (j === chosen ? 1 : 0) - Math.exp(logProb));
    const gradient = Array.from({ length: 2 * VOCABULARY }, () => 0);
    episodes.forEach(([a, b], row) => {
      const probability = Math.exp(at(q, a) + at(next, b));
      [...score(q, a), ...score(next, b)].forEach((slope, j) => {
        const advantage = advantages.data[3 * row + (j < VOCABULARY ? 0 : 2)] as number;
        gradient[j] = at(gradient, j) + probability * advantage * slope;
      });
    });
    const objective = (x: number[]) =>
      expectation(logSoftmax(x.slice(0, VOCABULARY)), (a) =>
        expectation(logSoftmax(x.slice(VOCABULARY)), (b) => at(R, a) + at(R, b) * at(R, a)),
      );
    // The advantages are float32.
    expectClose(gradient, preciseDifferences(objective, [...first, ...second]), 1e-5);
  },
);
