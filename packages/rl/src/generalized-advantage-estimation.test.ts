import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { expectClose, gridOf } from './__fixtures__/numerics.js';
import { generalizedAdvantageEstimation } from './generalized-advantage-estimation.js';

const poison = Number.NaN;

// prompt, policy, policy, observation, policy, padding
const policyMask = gridOf([[0, 1, 1, 0, 1, 0]]);
const mask = gridOf([[0, 1, 1, 1, 1, 0]]);
const rewards = gridOf([[poison, 0, -0.5, 0, 1, poison]]);
const values = gridOf([[poison, 0.5, 0.25, 0.75, 0.5, poison]]);

describe('generalizedAdvantageEstimation by hand', () => {
  test('γ = λ = 1 is the reward to go less the value', () => {
    for (const mode of ['legacy', 'skip-observations'] as const) {
      const { advantages, returns } = generalizedAdvantageEstimation({ rewards, values, mask, policyMask, mode });
      expect([1, 2, 4].map((index) => returns.data[index])).toEqual([0.5, 0.5, 1]);
      expect([1, 2, 4].map((index) => advantages.data[index])).toEqual([0, 0.25, 0.5]);
    }
  });

  test('skip-observations steps from policy token to policy token', () => {
    const { advantages, returns } = generalizedAdvantageEstimation({
      rewards,
      values,
      mask: policyMask,
      policyMask,
      gamma: 0.5,
      lambda: 0.5,
    });
    // From the end: δ = 1 − 0.5 = 0.5, A = 0.5.
    // δ = −0.5 + 0.5·0.5 − 0.25 = −0.5, A = −0.5 + 0.25·0.5 = −0.375.
    // δ = 0 + 0.5·0.25 − 0.5 = −0.375, A = −0.375 + 0.25·(−0.375) = −0.46875.
    expect([...advantages.data]).toEqual([0, -0.46875, -0.375, 0, 0.5, 0]);
    expect([...returns.data]).toEqual([0, 0.03125, -0.125, 0, 1, 0]);
  });

  test('legacy steps over observations', () => {
    const { advantages, returns } = generalizedAdvantageEstimation({
      rewards,
      values,
      mask,
      policyMask,
      gamma: 0.5,
      lambda: 0.5,
      mode: 'legacy',
    });
    // From the end: 0.5; δ = 0 + 0.25 − 0.75 = −0.5, A = −0.5 + 0.125 = −0.375; δ = −0.5 + 0.375 − 0.25 = −0.375,
    // A = −0.375 − 0.09375 = −0.46875; δ = 0 + 0.125 − 0.5 = −0.375, A = −0.375 − 0.1171875 = −0.4921875.
    expect([...advantages.data]).toEqual([0, -0.4921875, -0.46875, -0.375, 0.5, 0]);
    expect([...returns.data]).toEqual([0, 0.0078125, -0.21875, 0.375, 1, 0]);
  });

  test('rows do not reach into each other, an empty row is 0', () => {
    const { advantages } = generalizedAdvantageEstimation({
      rewards: gridOf([
        [0, 1],
        [poison, poison],
        [0, 2],
      ]),
      values: gridOf([
        [0, 0],
        [poison, poison],
        [0, 0],
      ]),
      mask: gridOf([
        [1, 1],
        [0, 0],
        [1, 1],
      ]),
      policyMask: gridOf([
        [1, 1],
        [0, 0],
        [1, 1],
      ]),
    });
    expect([...advantages.data]).toEqual([1, 1, 0, 0, 2, 2]);
  });

  test('grids of different shape are refused', () => {
    expect(() => generalizedAdvantageEstimation({ rewards, values: gridOf([[1]]), mask, policyMask })).toThrow(
      'values has shape [1, 1]',
    );
  });
});

const rowOfTokens = fc.array(
  fc.record({
    kind: fc.constantFrom('prompt', 'policy', 'observation', 'padding'),
    reward: fc.double({ min: -2, max: 2, noNaN: true }),
    value: fc.double({ min: -2, max: 2, noNaN: true }),
  }),
  { minLength: 1, maxLength: 12 },
);
const unit = fc.double({ min: 0, max: 1, noNaN: true });

property.prop([rowOfTokens, unit, unit])(
  'is the discounted sum of δ over the tokens stepped over',
  (row, gamma, lambda) => {
    const isPolicy = row.map((token) => (token.kind === 'policy' ? 1 : 0));
    const isReal = row.map((token) => (token.kind === 'policy' || token.kind === 'observation' ? 1 : 0));
    for (const mode of ['legacy', 'skip-observations'] as const) {
      const steps = row.flatMap((_, index) => ((mode === 'legacy' ? isReal : isPolicy)[index] === 1 ? [index] : []));
      const { advantages, returns } = generalizedAdvantageEstimation({
        rewards: gridOf([row.map((token, index) => (isReal[index] === 1 ? token.reward : poison))]),
        values: gridOf([row.map((token, index) => (isReal[index] === 1 ? token.value : poison))]),
        mask: gridOf([isReal]),
        policyMask: gridOf([isPolicy]),
        gamma,
        lambda,
        mode,
      });
      const tokens = steps.map((index) => row[index] as { reward: number; value: number });
      const deltas = tokens.map(({ reward, value }, k) => reward + gamma * (tokens[k + 1]?.value ?? 0) - value);
      const expected = deltas.map((_, t) =>
        deltas.slice(t).reduce((sum, delta, k) => sum + (gamma * lambda) ** k * delta, 0),
      );
      const wanted = row.map((_, index) => (steps.includes(index) ? (expected[steps.indexOf(index)] as number) : 0));
      expectClose(advantages.data, wanted, 1e-5);
      expectClose(
        returns.data,
        wanted.map((advantage, index) => (steps.includes(index) ? advantage + (row[index]?.value ?? 0) : 0)),
        1e-5,
      );
    }
  },
);

property.prop([rowOfTokens])('both modes agree on policy tokens for γ = λ = 1', (row) => {
  const isPolicy = row.map((token) => (token.kind === 'policy' ? 1 : 0));
  const inputs = {
    rewards: gridOf([row.map((token) => (token.kind === 'policy' ? token.reward : 0))]),
    values: gridOf([row.map((token) => token.value)]),
    mask: gridOf([row.map((token) => (token.kind === 'policy' || token.kind === 'observation' ? 1 : 0))]),
    policyMask: gridOf([isPolicy]),
  };
  const onPolicy = (mode: 'legacy' | 'skip-observations') =>
    generalizedAdvantageEstimation({ ...inputs, mode }).advantages.data.filter((_, index) => isPolicy[index] === 1);
  expectClose(onPolicy('legacy'), onPolicy('skip-observations'), 1e-5);
});
