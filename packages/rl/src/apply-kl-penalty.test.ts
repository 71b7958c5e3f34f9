import { describe, expect, test } from 'vitest';
import { centralDifferences, expectClose, gridOf } from './__fixtures__/numerics.js';
import { applyKlPenalty } from './apply-kl-penalty.js';
import { estimateKl } from './estimate-kl.js';
import { generalizedAdvantageEstimation } from './generalized-advantage-estimation.js';
import type { Grid } from './grid.js';

const poison = Number.NaN;
// Row 0 is correct, rows 1 and 2 are not; observations and padding hold NaN.
const policyMask = gridOf([
  [0, 1, 1, 0],
  [1, 0, 1, 1],
  [0, 1, 0, 0],
]);
const kl = gridOf([
  [poison, 8, 8, poison],
  [2, poison, -1, 3],
  [poison, 4, poison, poison],
]);
const inputs = { scores: Float32Array.of(1, 0, 0.25), kl, policyMask, gate: Float32Array.of(0, 1, 1), beta: 0.5 };

describe('applyKlPenalty by hand', () => {
  test('sum: the score at the last policy token, −β·k1 at every token of gated rows', () => {
    const penalty = applyKlPenalty(inputs);
    // The correct row keeps its 1; −0.5·(2, −1, 3); 0.25 − 0.5·4
    expectClose(penalty.rewards.data, [0, 0, 1, 0, -1, 0, 0.5, -1.5, 0, -1.75, 0, 0], 0);
    expect([...penalty.rowPenalty]).toEqual([0, 2, 2]);
    expect(penalty.betaKlSumMean).toBe(2);
    expect(penalty.klMean).toBe(2); // (2 − 1 + 3 + 4) / 4 tokens: the 8s of the correct row do not count
    expect(penalty.gatedRows).toBe(2);
  });

  test('token-mean: divided by the policy tokens of the row', () => {
    const penalty = applyKlPenalty({ ...inputs, aggregation: 'token-mean' });
    expectClose(penalty.rewards.data, [0, 0, 1, 0, -1 / 3, 0, 1 / 6, -0.5, 0, -1.75, 0, 0], 1e-7);
    expectClose(penalty.rowPenalty, [0, 2 / 3, 2], 1e-7);
    expectClose([penalty.betaKlSumMean], [4 / 3], 1e-7);
    expect(penalty.klMean).toBe(2);
  });

  test('length pays under sum and cannot pay under token-mean', () => {
    const lengths = [1, 10];
    const mask = gridOf(lengths.map((length) => Array.from({ length: 10 }, (_, t) => (t < length ? 1 : 0))));
    const penaltyOf = (aggregation: 'sum' | 'token-mean') =>
      applyKlPenalty({
        scores: Float32Array.of(0, 0),
        kl: { data: new Float32Array(20).fill(0.5), shape: [2, 10] },
        policyMask: mask,
        gate: Float32Array.of(1, 1),
        beta: 0.1,
        aggregation,
      }).rowPenalty;
    expectClose(penaltyOf('sum'), [0.05, 0.5], 1e-7);
    expectClose(penaltyOf('token-mean'), [0.05, 0.05], 1e-7);
  });

  test('no open gate, no policy token: zeros, not NaN', () => {
    const closed = applyKlPenalty({ ...inputs, gate: new Float32Array(3) });
    expect([...closed.rewards.data]).toEqual([0, 0, 1, 0, 0, 0, 0, 0, 0, 0.25, 0, 0]);
    expect([closed.betaKlSumMean, closed.klMean, closed.gatedRows]).toEqual([0, 0, 0]);
    const nobody = applyKlPenalty({ ...inputs, policyMask: { ...policyMask, data: new Float32Array(12) } });
    expect([...nobody.rewards.data]).toEqual(new Array(12).fill(0));
    expect([nobody.betaKlSumMean, nobody.klMean, nobody.gatedRows]).toEqual([0, 0, 0]);
  });

  test('one row at a time, in another order or with more padding: the same rewards', () => {
    for (const aggregation of ['sum', 'token-mean'] as const) {
      const whole = applyKlPenalty({ ...inputs, aggregation });
      for (const row of [2, 0, 1]) {
        const padded = ({ data }: Grid, filler: number) =>
          gridOf([[...data.slice(4 * row, 4 * row + 4), filler, filler]]);
        const alone = applyKlPenalty({
          scores: inputs.scores.slice(row, row + 1),
          kl: padded(kl, poison),
          policyMask: padded(policyMask, 0),
          gate: inputs.gate.slice(row, row + 1),
          beta: 0.5,
          aggregation,
        });
        expect([...alone.rewards.data]).toEqual([...whole.rewards.data.slice(4 * row, 4 * row + 4), 0, 0]);
        expect(alone.rowPenalty[0]).toBe(whole.rowPenalty[row]);
      }
    }
  });

  test('shapes must fit', () => {
    expect(() => applyKlPenalty({ ...inputs, gate: new Float32Array(2) })).toThrow('gate has 2 entries for 3 rows');
    expect(() => applyKlPenalty({ ...inputs, scores: new Float32Array(4) })).toThrow(RangeError);
  });
});

describe('k1 in the reward, over every episode of a tiny policy', () => {
  // Two tokens, at most three steps; token 0 ends the episode, so lengths differ. One logit pair for each of the prefixes '', 1 and 11.
  const theta = [0.3, -0.4, 0.9, 0.2, -0.7, 0.5];
  const teacher = [-0.2, 0.6, 0.1, 0.4, 0.8, -0.3];
  const episodes = [[0], [1, 0], [1, 1, 0], [1, 1, 1]];

  const logProbsOf = (z: readonly number[], tokens: readonly number[]) =>
    tokens.map((token, t) => {
      const pair = z.slice(2 * t, 2 * t + 2);
      return (pair[token] as number) - Math.log(pair.reduce((sum, value) => sum + Math.exp(value), 0));
    });
  const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);
  const padded = (rows: readonly (readonly number[])[]): Grid =>
    gridOf(rows.map((row) => Array.from({ length: 3 }, (_, t) => row[t] ?? poison)));
  const mask = gridOf(episodes.map((tokens) => Array.from({ length: 3 }, (_, t) => (t < tokens.length ? 1 : 0))));

  /** Σ over episodes of π(episode) · Σ_t A_t · ∇ log π(token t), with A from the shipped functions and values of 0. */
  function policyGradient(options: { scores: number[]; gate: number[]; beta: number }): number[] {
    const rewards = applyKlPenalty({
      scores: Float32Array.from(options.scores),
      kl: estimateKl({
        logProbs: padded(episodes.map((tokens) => logProbsOf(theta, tokens))),
        referenceLogProbs: padded(episodes.map((tokens) => logProbsOf(teacher, tokens))),
      }),
      policyMask: mask,
      gate: Float32Array.from(options.gate),
      beta: options.beta,
    }).rewards;
    const values = { data: new Float32Array(12), shape: rewards.shape };
    const { advantages } = generalizedAdvantageEstimation({ rewards, values, mask, policyMask: mask });
    return theta.map((_, coordinate) =>
      total(
        episodes.map((tokens, row) => {
          const probability = Math.exp(total(logProbsOf(theta, tokens)));
          const slopes = tokens.map(
            (__, t) => centralDifferences((z) => logProbsOf(z, tokens)[t] as number, theta)[coordinate] as number,
          );
          return probability * total(slopes.map((slope, t) => slope * (advantages.data[row * 3 + t] as number)));
        }),
      ),
    );
  }

  test('the policy gradient is that of −β·KL(π ‖ teacher), within 1e-6', () => {
    const beta = 0.7;
    const reverseKl = (z: readonly number[]) =>
      total(
        episodes.map((tokens) => {
          const logProb = total(logProbsOf(z, tokens));
          return Math.exp(logProb) * (logProb - total(logProbsOf(teacher, tokens)));
        }),
      );
    const expected = centralDifferences(reverseKl, theta).map((slope) => -beta * slope);
    expect(Math.max(...expected.map(Math.abs))).toBeGreaterThan(0.1);
    expectClose(policyGradient({ scores: [0, 0, 0, 0], gate: [1, 1, 1, 1], beta }), expected, 1e-6);
  });

  test('behind the gate, correct episodes follow their reward alone', () => {
    const beta = 0.3;
    const scores = [0, 1, 0, 0];
    const gate = scores.map((score) => 1 - score);
    const expected = theta.map((_, coordinate) =>
      total(
        episodes.map((tokens, row) => {
          const k1 = logProbsOf(theta, tokens).map((value, t) => value - (logProbsOf(teacher, tokens)[t] as number));
          const rewards = k1.map(
            (value, t) =>
              (t === tokens.length - 1 ? (scores[row] as number) : 0) - beta * (gate[row] as number) * value,
          );
          const slopes = tokens.map(
            (__, t) => centralDifferences((z) => logProbsOf(z, tokens)[t] as number, theta)[coordinate] as number,
          );
          const probability = Math.exp(total(logProbsOf(theta, tokens)));
          return probability * total(slopes.map((slope, t) => slope * total(rewards.slice(t))));
        }),
      ),
    );
    expectClose(policyGradient({ scores, gate, beta }), expected, 1e-6);
  });
});
