import { fc, test as property } from '@fast-check/vitest';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { centralDifferences, expectClose, gridOf, numberOf, valueAndGradient } from './__fixtures__/numerics.js';
import { anyPolicyToken, gridsOf, listsOf, type PolicyToken, poison } from './__fixtures__/tokens.js';
import { type GspoLossOptions, gspoLoss } from './gspo-loss.js';
import { policyLoss } from './policy-loss.js';
import { tokenWeights } from './token-weights.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

type Settings = Pick<GspoLossOptions, 'clipRatioLow' | 'clipRatioHigh'>;
const wide: Settings = { clipRatioLow: 0.2, clipRatioHigh: 0.28 };
const clip = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value));

const sequenceRatio = (row: readonly PolicyToken[], logProbs: readonly number[]) => {
  const counted = row.flatMap(({ oldLogProb, weight }, t) =>
    weight === 0 ? [] : [(logProbs[t] as number) - oldLogProb],
  );
  return Math.exp(counted.reduce((sum, value) => sum + value, 0) / Math.max(1, counted.length));
};

/** The token form in float64; `frozen` is where the gradient is taken, and stays put. */
function tokenForm(rows: readonly (readonly PolicyToken[])[], settings: Settings, logProbs: readonly number[]): number {
  const { clipRatioLow = 3e-4, clipRatioHigh = 4e-4 } = settings;
  let position = 0;
  let loss = 0;
  for (const row of rows) {
    const frozen = row.map(({ logProb }) => logProb);
    const s = sequenceRatio(row, frozen);
    row.forEach(({ advantage, weight }, t) => {
      const ratio = s * Math.exp((logProbs[position + t] as number) - (frozen[t] as number));
      const clipped = clip(ratio, 1 - clipRatioLow, 1 + clipRatioHigh);
      if (weight !== 0) loss += weight * Math.max(-advantage * ratio, -advantage * clipped);
    });
    position += row.length;
  }
  return loss;
}

/** The sequence form in float64, differentiable throughout: one weight and one advantage per row. */
function sequenceForm(rows: readonly (readonly PolicyToken[])[], settings: Settings, logProbs: readonly number[]) {
  const { clipRatioLow = 3e-4, clipRatioHigh = 4e-4 } = settings;
  let position = 0;
  return rows.reduce((loss, row) => {
    const s = sequenceRatio(row, logProbs.slice(position, position + row.length));
    position += row.length;
    const total = row.reduce((sum, { weight }) => sum + weight, 0);
    const advantage = row.find(({ weight }) => weight !== 0)?.advantage ?? 0;
    return loss + total * Math.max(-advantage * s, -advantage * clip(s, 1 - clipRatioLow, 1 + clipRatioHigh));
  }, 0);
}

const run = (rows: readonly (readonly PolicyToken[])[], settings: Settings = {}) => {
  const tensors = gridsOf(rows);
  return valueAndGradient((logProbs) => gspoLoss({ ...tensors, ...settings, logProbs }).loss, tensors.logProbs);
};

const token = (logRatio: number, advantage: number, weight: number): PolicyToken => ({
  logProb: logRatio - 1,
  oldLogProb: -1,
  advantage,
  weight,
});

describe('gspoLoss by hand', () => {
  test('ratio 1: the loss is −A, the gradient −A per token', async () => {
    const { value, gradient } = await run([[token(0, 2, 0.5), token(0, 2, 0.5)]]);
    expectClose([value], [-2], 1e-10);
    expectClose(gradient, [-1, -1], 1e-10);
  });

  test('the ratio is the geometric mean: opposite moves cancel exactly', async () => {
    const { value, gradient } = await run([[token(0.5, 1, 0.5), token(-0.5, 1, 0.5)]]);
    expectClose([value], [-1], 1e-10);
    expectClose(gradient, [-0.5, -0.5], 1e-10);
  });

  test('a sequence is clipped as a whole, on the side where it would gain', async () => {
    const rows = [
      [token(0.5, 1, 0.25), token(0, 1, 0.25)],
      [token(0.5, -1, 0.25), token(0, -1, 0.25)],
    ];
    const { value, gradient } = await run(rows, wide);
    const s = Math.exp(0.25);
    // e^0.25 = 1.284 is beyond 1.28: clipped where the advantage is positive alone.
    expectClose([value], [0.5 * -1.28 + 0.5 * s], 1e-6);
    expectClose(gradient, [0, 0, 0.25 * s, 0.25 * s], 1e-6);
    const { metrics } = gspoLoss({ ...gridsOf(rows), ...wide });
    expect(await numberOf(metrics.clipFraction)).toBe(0.5);
    const k3 = (x: number) => Math.exp(x) - 1 - x;
    expectClose([await numberOf(metrics.approxKl)], [k3(0.5) / 2], 1e-6);
  });

  test("the defaults are the paper's: 3e-4 below, 4e-4 above", async () => {
    const up = await run([[token(0.001, 1, 1)]]);
    expectClose([up.value, ...up.gradient], [-1.0004, 0], 1e-6);
    const down = await run([[token(-0.001, -1, 1)]]);
    expectClose([down.value, ...down.gradient], [0.9997, 0], 1e-6);
  });

  test('beyond e¹⁰ there is no gradient, and no overflow', async () => {
    const { value, gradient } = await run([[token(100, -1, 1)]]);
    expectClose([value], [Math.exp(10)], 1e-6);
    expect(gradient).toEqual([0]);
  });

  test('NaN under weight 0 reaches neither value, gradient nor metrics', async () => {
    const row = [token(0.1, 1, 0.5), token(0.2, 1, 0.5)];
    const clean = await run([row], wide);
    const poisoned = await run(
      [
        [poison, ...row, poison],
        [poison, poison, poison, poison],
      ],
      wide,
    );
    expect(poisoned.value).toBe(clean.value);
    expect(poisoned.gradient).toEqual([0, ...clean.gradient, 0, 0, 0, 0, 0]);
    expect(await run([[poison, poison]])).toEqual({ value: 0, gradient: [0, 0] });
    const { metrics } = gspoLoss(gridsOf([[poison, poison]]));
    for (const metric of Object.values(metrics)) expect(await numberOf(metric)).toBe(0);
  });

  test('importance weights scale the losses; no tensor is left behind', async () => {
    const tensors = gridsOf([[token(0, 1, 1), poison]]);
    const importanceWeights = tf.tensor2d([[0.5, Number.NaN]]);
    expect(await numberOf(gspoLoss({ ...tensors, importanceWeights }).loss)).toBe(-0.5);
    const before = tf.memory().numTensors;
    const { value, grad } = tf.tidy(() =>
      tf.valueAndGrad((logProbs) => gspoLoss({ ...tensors, logProbs }).loss)(tensors.logProbs),
    );
    tf.dispose([value, grad]);
    expect(tf.memory().numTensors).toBe(before);
  });

  test('a list of tokens needs its sequences', () => {
    expect(() => gspoLoss(listsOf([token(0, 1, 1)]))).toThrow('sequences');
    expect(() => gspoLoss({ ...listsOf([token(0, 1, 1)]), sequences: [0, 0] })).toThrow(RangeError);
  });
});

const time = 4;
const anyRows = fc.array(fc.array(fc.tuple(anyPolicyToken, fc.boolean()), { minLength: time, maxLength: time }), {
  minLength: 1,
  maxLength: 8,
});
type Drawn = readonly (readonly (readonly [PolicyToken, boolean])[])[];

function weighted(drawn: Drawn, perSequence: boolean): PolicyToken[][] {
  const mask = gridOf(drawn.map((row) => row.map(([, isReal]) => (isReal ? 1 : 0))));
  const { data } = tokenWeights({ mask, aggregation: 'seq-mean-token-mean' });
  return drawn.map((row, index) =>
    row.map(([some, isReal], t) =>
      isReal
        ? {
            ...some,
            weight: data[index * time + t] as number,
            advantage: perSequence ? (row[0] as readonly [PolicyToken, boolean])[0].advantage : some.advantage,
          }
        : poison,
    ),
  );
}

/** Away from the kinks, where central differences would straddle two slopes. */
const isSmooth = (rows: readonly (readonly PolicyToken[])[]) =>
  rows.every((row) => {
    const s = sequenceRatio(
      row,
      row.map(({ logProb }) => logProb),
    );
    return [0.8, 1.28].every((kink) => Math.abs(s - kink) > 1e-3);
  });

property.prop([anyRows])('token form: value and gradient agree with float64', async (drawn) => {
  const rows = weighted(drawn, false);
  fc.pre(isSmooth(rows));
  const logProbs = rows.flat().map(({ logProb }) => logProb);
  const { value, gradient } = await run(rows, wide);
  expectClose([value], [tokenForm(rows, wide, logProbs)], 1e-6);
  const expected = centralDifferences((x) => tokenForm(rows, wide, x), logProbs);
  expectClose(
    gradient,
    expected.map((slope, index) => (rows.flat()[index]?.weight === 0 ? 0 : slope)),
    1e-6,
  );
});

property.prop([anyRows])('one advantage per sequence: value and gradient of the sequence form', async (drawn) => {
  const rows = weighted(drawn, true);
  fc.pre(isSmooth(rows));
  const flat = rows.flat();
  const { value, gradient } = await run(rows, wide);
  const logProbs = flat.map(({ logProb }) => logProb);
  expectClose([value], [sequenceForm(rows, wide, logProbs)], 1e-6);
  const expected = centralDifferences((x) => sequenceForm(rows, wide, x), logProbs);
  expectClose(
    gradient,
    expected.map((slope, index) => (flat[index]?.weight === 0 ? 0 : slope)),
    1e-6,
  );
});

property.prop([anyRows], { numRuns: 30 })('lists, other orders and 8 of 1 give what one grid gives', async (drawn) => {
  const rows = weighted(drawn, false);
  const whole = await run(rows, wide);
  const flat = rows.flat().map((some, index) => ({ ...some, sequence: Math.floor(index / time) }));
  const turned = [...flat].reverse();
  const tensors = listsOf(turned);
  const sequences = turned.map(({ sequence }) => sequence);
  const list = await valueAndGradient(
    (logProbs) => gspoLoss({ ...tensors, ...wide, sequences, logProbs }).loss,
    tensors.logProbs,
  );
  expectClose([list.value], [whole.value], 1e-6);
  expectClose([...list.gradient].reverse(), whole.gradient, 1e-6);
  const parts = await Promise.all(rows.map((row) => run([row], wide)));
  expectClose([parts.reduce((sum, part) => sum + part.value, 0)], [whole.value], 1e-6);
  expect(parts.flatMap((part) => part.gradient)).toEqual(whole.gradient);
});

property.prop([anyPolicyToken])('of one token it is PPO', async (some) => {
  const gspo = await run([[some]], wide);
  const tensors = gridsOf([[some]]);
  const ppo = await valueAndGradient(
    (logProbs) => policyLoss({ ...tensors, ...wide, logProbs }).loss,
    tensors.logProbs,
  );
  expectClose([gspo.value, ...gspo.gradient], [ppo.value, ...ppo.gradient], 1e-6);
});
