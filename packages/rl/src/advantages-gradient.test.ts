import { describe, test } from 'vitest';
import { expectClose, gridOf } from './__fixtures__/numerics.js';
import { groupRelativeAdvantages } from './group-relative-advantages.js';
import { remaxAdvantages } from './remax-advantages.js';
import { rlooAdvantages } from './rloo-advantages.js';

// A policy of four actions. Rewards and all that follows from them are exact in float32, so what is compared is float64.
const logits = [0.3, -0.7, 1.1, 0.2];
const rewards = [1, 0, 0.25, -0.5];
const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
const probabilities = logits.map((logit) => Math.exp(logit) / total);
const actions = logits.map((_, action) => action);
const at = (list: readonly number[], action: number) => list[action] as number;

/** Derivatives of the log-probability of an action by the logits. */
const scoreOf = (action: number) => probabilities.map((p, k) => (k === action ? 1 : 0) - p);
const expectedReward = probabilities.reduce((sum, p, action) => sum + p * at(rewards, action), 0);
/** Derivatives of the expected reward by the logits. */
const exact = probabilities.map((p, action) => p * (at(rewards, action) - expectedReward));

/** The mean of `Σ_i A_i ∇log p(a_i) / size` over every possible group of that size. */
function expectedGradient(
  size: number,
  advantagesOf: (scores: Float32Array, group: readonly number[]) => Float32Array,
) {
  const groupsOf = (n: number): number[][] =>
    n === 0 ? [[]] : groupsOf(n - 1).flatMap((group) => actions.map((action) => [...group, action]));
  const gradient = logits.map(() => 0);
  for (const group of groupsOf(size)) {
    const probability = group.reduce((product, action) => product * at(probabilities, action), 1);
    const advantages = advantagesOf(
      Float32Array.from(group, (action) => at(rewards, action)),
      group,
    );
    group.forEach((action, i) => {
      scoreOf(action).forEach((derivative, k) => {
        gradient[k] = at(gradient, k) + (probability * (advantages[i] as number) * derivative) / size;
      });
    });
  }
  return gradient;
}

describe('the expected gradient, by enumeration of every group', () => {
  test.each([1, 2, 3])('RLOO is the policy gradient for %i samples', (size) => {
    const gradient = expectedGradient(size, (scores) => rlooAdvantages({ scores, groups: [...scores].map(() => 'a') }));
    expectClose(gradient, exact, 1e-12);
  });

  test.each([2, 4])('Dr. GRPO is (k − 1) / k of it for %i samples', (size) => {
    const gradient = expectedGradient(size, (scores) =>
      groupRelativeAdvantages({ scores, groups: [...scores].map(() => 'a'), normalizeByStd: false }),
    );
    expectClose(
      gradient,
      exact.map((value) => (value * (size - 1)) / size),
      1e-12,
    );
  });

  test('ReMax is the policy gradient', () => {
    const greedy = at(rewards, probabilities.indexOf(Math.max(...probabilities)));
    const gradient = expectedGradient(2, (scores) => {
      const inputs = { rewards: gridOf([...scores].map((score) => [score])), policyMask: gridOf([[1], [1]]) };
      return remaxAdvantages({ ...inputs, groups: ['a', 'a'], baselines: new Map([['a', greedy]]) }).advantages.data;
    });
    expectClose(gradient, exact, 1e-12);
  });
});
