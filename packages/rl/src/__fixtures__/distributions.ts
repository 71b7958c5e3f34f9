import { fc } from '@fast-check/vitest';

const logit = fc.double({ min: -0.6, max: 0.6, noNaN: true });

/** Five logits, close enough that k3 stays below its clamp of 10: ratios of probabilities are at most e^2.4. */
export const logits = fc.tuple(logit, logit, logit, logit, logit);

export function logSoftmax(z: readonly number[]): number[] {
  const logSum = Math.log(z.reduce((sum, value) => sum + Math.exp(value), 0));
  return z.map((value) => value - logSum);
}

const klOf = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, logA, index) => sum + Math.exp(logA) * (logA - (b[index] as number)), 0);

/** KL(q ‖ p) for `reverse`, KL(p ‖ q) for `forward`, from log-probabilities. */
export function divergenceOf(direction: 'reverse' | 'forward', q: readonly number[], p: readonly number[]): number {
  return direction === 'reverse' ? klOf(q, p) : klOf(p, q);
}
