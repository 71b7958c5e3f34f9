import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { expectClose, gridOf, numberOf, valueAndGradient } from './__fixtures__/numerics.js';
import { cispoLoss } from './cispo-loss.js';
import { gspoLoss } from './gspo-loss.js';
import { klLoss } from './kl-loss.js';
import type { LossResult } from './loss-result.js';
import { policyLoss } from './policy-loss.js';
import { type Aggregation, tokenWeights } from './token-weights.js';
import { valueLoss } from './value-loss.js';

type Rows = number[][];
interface Case {
  value: number;
  gradient: Rows;
  metrics: Record<string, number>;
}
type Inputs = Record<
  'mask' | 'logProbs' | 'oldLogProbs' | 'referenceLogProbs' | 'values' | 'oldValues' | 'rewards',
  Rows
> & { advantages: number[] };
interface Golden {
  vanilla: Record<Aggregation, Case>;
  dualClip: Case;
  gspo: Case;
  cispo: Case;
  value: Case;
  kl: Record<'k1' | 'k2' | 'k3' | 'abs', Case>;
}

const read = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`./__fixtures__/${name}`, import.meta.url), 'utf8'));
const inputs = read('trl.json') as Inputs;
// Written by tools/parity/verl_losses.py, which runs verl's own functions in float64 on the inputs above.
const golden = read('verl.json') as Golden;

/** NaN wherever the mask is 0. */
const tensor = (rows: Rows) =>
  tf.tensor2d(rows.map((row, i) => row.map((value, t) => (inputs.mask[i]?.[t] === 1 ? value : Number.NaN))));
const advantages = () => tensor(inputs.mask.map((row, i) => row.map(() => inputs.advantages[i] as number)));
const weights = (aggregation: Aggregation) => {
  const { data, shape } = tokenWeights({ mask: gridOf(inputs.mask), aggregation, maxTokens: 8 });
  return tf.tensor2d(data, [...shape]);
};
const tokens = (aggregation: Aggregation) => ({
  oldLogProbs: tensor(inputs.oldLogProbs),
  advantages: advantages(),
  weights: weights(aggregation),
});
const clips = { clipRatioLow: 0.2, clipRatioHigh: 0.28 };

async function compare(
  { value, gradient }: Case,
  loss: (x: tf.Tensor) => LossResult,
  { at = inputs.logProbs, scale = 1 } = {},
) {
  const actual = await valueAndGradient((x) => loss(x).loss, tensor(at));
  expectClose([actual.value * scale], [value], 1e-5);
  expectClose(
    actual.gradient.map((slope) => slope * scale),
    gradient.flat(),
    1e-5,
  );
}

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('losses of verl', () => {
  test.each([
    { mode: 'token-mean', scale: 1 },
    { mode: 'seq-mean-token-sum', scale: 1 },
    { mode: 'seq-mean-token-mean', scale: 1 },
    // This version sums over the episodes, where the name says mean.
    { mode: 'seq-mean-token-sum-norm', scale: inputs.mask.length },
  ] as const)('vanilla, $mode', async ({ mode, scale }) => {
    const options = { ...tokens(mode), ...clips, dualClip: 3 };
    await compare(golden.vanilla[mode], (logProbs) => policyLoss({ ...options, logProbs }), { scale });
  });

  test('dual clip, and the fractions that it logs', async () => {
    const options = { ...tokens('token-mean'), ...clips, dualClip: 1.25 };
    await compare(golden.dualClip, (logProbs) => policyLoss({ ...options, logProbs }));
    const { metrics } = policyLoss({ ...options, logProbs: tensor(inputs.logProbs) });
    const { 'actor/pg_clipfrac': clipped, 'actor/pg_clipfrac_lower': limited } = golden.dualClip.metrics;
    expectClose([await numberOf(metrics.clipFraction)], [clipped as number], 1e-6);
    expectClose([await numberOf(metrics.dualClipFraction)], [limited as number], 1e-6);
    expect(limited).toBeGreaterThan(0);
  });

  test('gspo and cispo', async () => {
    const narrow = { clipRatioLow: 0.05, clipRatioHigh: 0.0625 };
    await compare(golden.gspo, (logProbs) => gspoLoss({ ...tokens('seq-mean-token-mean'), ...narrow, logProbs }));
    await compare(golden.cispo, (logProbs) => cispoLoss({ ...tokens('token-mean'), ...clips, logProbs }));
  });

  test('the value loss', async () => {
    const given = { oldValues: tensor(inputs.oldValues), returns: tensor(inputs.rewards), clipRange: 0.26 };
    const loss = (values: tf.Tensor) => valueLoss({ ...given, weights: weights('token-mean'), values });
    await compare(golden.value, loss, { at: inputs.values });
  });

  test.each(['k1', 'k2', 'k3', 'abs'] as const)('kl_penalty %s as a loss', async (estimator) => {
    const referenceLogProbs = tensor(inputs.referenceLogProbs);
    const options = { estimator, biased: estimator !== 'k2', referenceLogProbs, weights: weights('token-mean') };
    await compare(golden.kl[estimator], (logProbs) => klLoss({ ...options, logProbs }));
  });
});
