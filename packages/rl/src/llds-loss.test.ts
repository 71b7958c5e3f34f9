import { fc, test as property } from '@fast-check/vitest';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { centralDifferences, expectClose, gridOf, numberOf, valueAndGradient } from './__fixtures__/numerics.js';
import { anyPolicyToken, gridsOf, listsOf, type PolicyToken, poison } from './__fixtures__/tokens.js';
import { lldsLoss } from './llds-loss.js';
import { actionSegments } from './segments.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const decreaseOf = (some: PolicyToken, logProb: number) => some.oldLogProb - logProb;
const counts = ({ weight, advantage }: PolicyToken) => weight !== 0 && advantage >= 0;

/** In float64; the gate stays where the gradient is taken. */
function reference(tokens: readonly PolicyToken[], actions: readonly number[], logProbs: readonly number[]): number {
  return tokens.reduce((loss, some, index) => {
    if (!counts(some)) return loss;
    const fallen = tokens.reduce(
      (sum, other, position) =>
        counts(other) && actions[position] === actions[index] ? sum + decreaseOf(other, other.logProb) : sum,
      0,
    );
    const decrease = decreaseOf(some, logProbs[index] as number);
    return fallen > 0 ? loss + 0.2 * some.weight * Math.max(0, decrease) : loss;
  }, 0);
}

const run = (rows: readonly (readonly PolicyToken[])[], actions?: ArrayLike<number>, coefficient?: number) => {
  const tensors = gridsOf(rows);
  const settings = { ...(actions && { actions }), ...(coefficient && { coefficient }) };
  return valueAndGradient((logProbs) => lldsLoss({ ...tensors, ...settings, logProbs }).loss, tensors.logProbs);
};

const token = (step: number, advantage: number, weight = 0.25): PolicyToken => ({
  logProb: step - 1,
  oldLogProb: -1,
  advantage,
  weight,
});

describe('lldsLoss by hand', () => {
  // The first action falls by 0.5 in all, the second rises by 0.25; the response falls.
  const row = [token(-0.75, 1), token(0.25, 1), poison, token(-0.5, 1), token(0.75, 1)];
  const policyMask = gridOf([[1, 1, 0, 1, 1]]);

  test('gate per action: the tokens that fell, in actions that fell', async () => {
    const { value, gradient } = await run([row], actionSegments({ policyMask }), 1);
    expectClose([value], [0.25 * 0.75], 1e-10);
    expectClose(gradient, [-0.25, 0, 0, 0, 0], 1e-10);
  });

  test('gate per response: every token that fell', async () => {
    const { value, gradient } = await run([row], undefined, 0.5);
    expectClose([value], [0.5 * 0.25 * 1.25], 1e-10);
    expectClose(gradient, [-0.125, 0, 0, -0.125, 0], 1e-10);
    const { metrics } = lldsLoss({ ...gridsOf([row]) });
    expectClose([await numberOf(metrics.displacement)], [0.25 * 1.25], 1e-10);
    expect(await numberOf(metrics.activeFraction)).toBe(0.5);
  });

  test('episodes that were bad may fall; an advantage of 0 may not', async () => {
    const rows = [
      [token(-0.5, -1), token(-0.5, -1)],
      [token(-0.5, 0), token(0.25, 0)],
    ];
    const { value, gradient } = await run(rows, undefined, 1);
    expectClose([value], [0.125], 1e-10);
    expectClose(gradient, [0, 0, -0.25, 0], 1e-10);
  });

  test('a policy that has not moved pays nothing', async () => {
    const { value, gradient } = await run([[token(0, 1), token(0, 1)]]);
    expect([value, ...gradient].map(Math.abs)).toEqual([0, 0, 0]);
  });

  test('NaN under weight 0 reaches nothing; nothing weighted gives 0', async () => {
    const { value, gradient } = await run([[poison, poison]]);
    expect([value, ...gradient].map(Math.abs)).toEqual([0, 0, 0]);
    for (const metric of Object.values(lldsLoss(gridsOf([[poison]])).metrics)) expect(await numberOf(metric)).toBe(0);
  });

  test('a list of tokens needs its actions; no tensor is left behind', () => {
    expect(() => lldsLoss(listsOf([token(0, 1)]))).toThrow('actions');
    const tensors = gridsOf([row]);
    const before = tf.memory().numTensors;
    const { value, grad } = tf.tidy(() =>
      tf.valueAndGrad((logProbs) => lldsLoss({ ...tensors, logProbs }).loss)(tensors.logProbs),
    );
    tf.dispose([value, grad]);
    expect(tf.memory().numTensors).toBe(before);
  });
});

const anyRow = fc.array(
  fc.oneof({ weight: 4, arbitrary: anyPolicyToken }, { weight: 1, arbitrary: fc.constant(poison) }),
  {
    minLength: 5,
    maxLength: 5,
  },
);

property.prop([fc.array(anyRow, { minLength: 1, maxLength: 8 })])(
  'value and gradient agree with float64; lists and 8 of 1 give the same',
  async (rows) => {
    const tokens = rows.flat();
    const policyMask = gridOf(rows.map((row) => row.map(({ weight }) => (weight === 0 ? 0 : 1))));
    const actions = [...actionSegments({ policyMask })];
    const logProbs = tokens.map(({ logProb }) => logProb);
    // Away from the kinks: a decrease near 0, or an action whose sum is.
    const fallen = (action: number) =>
      tokens.reduce((sum, t, i) => (counts(t) && actions[i] === action ? sum + decreaseOf(t, t.logProb) : sum), 0);
    fc.pre(
      tokens.every(
        (t, i) =>
          !counts(t) || (Math.abs(decreaseOf(t, t.logProb)) > 1e-4 && Math.abs(fallen(actions[i] as number)) > 1e-4),
      ),
    );
    const whole = await run(rows, actions);
    expectClose([whole.value], [reference(tokens, actions, logProbs)], 1e-6);
    const expected = centralDifferences((x) => reference(tokens, actions, x), logProbs);
    expectClose(whole.gradient, expected, 1e-6);
    const tensors = listsOf([...tokens].reverse());
    const list = await valueAndGradient(
      (x) => lldsLoss({ ...tensors, actions: [...actions].reverse(), logProbs: x }).loss,
      tensors.logProbs,
    );
    expectClose([...list.gradient].reverse(), whole.gradient, 1e-6);
    const parts = await Promise.all(rows.map((row, index) => run([row], actions.slice(index * 5, index * 5 + 5))));
    expectClose([parts.reduce((sum, part) => sum + part.value, 0)], [whole.value], 1e-6);
    expectClose(
      parts.flatMap((part) => part.gradient),
      whole.gradient,
      1e-6,
    );
  },
);
