import { fc, test as property } from '@fast-check/vitest';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect } from 'vitest';
import { expectClose, gridOf, numberOf, valueAndGradient } from './__fixtures__/numerics.js';
import { cispoLoss } from './cispo-loss.js';
import { entropyBonus } from './entropy-bonus.js';
import { gspoLoss } from './gspo-loss.js';
import { klFormGradient } from './kl-form.js';
import { klLoss } from './kl-loss.js';
import { lldsLoss } from './llds-loss.js';
import type { LossResult } from './loss-result.js';
import { policyLoss } from './policy-loss.js';
import { type Aggregation, tokenWeights } from './token-weights.js';
import { valueLoss } from './value-loss.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const names = [
  'logProbs',
  'oldLogProbs',
  'referenceLogProbs',
  'advantages',
  'importanceWeights',
  'values',
  'oldValues',
  'returns',
  'entropy',
] as const;
type Name = (typeof names)[number];
type Tensors = Record<Name | 'weights', tf.Tensor>;
interface Token extends Record<Name, number> {
  weight: number;
}

interface Subject {
  name: string;
  /** What the gradient flows through. */
  of: Name;
  /** What else it reads. */
  given: readonly Name[];
  loss: (tensors: Tensors) => LossResult;
}

const policyInputs = ['oldLogProbs', 'advantages', 'importanceWeights'] as const;
const subjects: Subject[] = [
  {
    name: 'policyLoss',
    of: 'logProbs',
    given: policyInputs,
    loss: (x) => policyLoss({ ...x, clipRatioHigh: 0.28, dualClip: 1.5 }),
  },
  {
    name: 'gspoLoss',
    of: 'logProbs',
    given: policyInputs,
    loss: (x) => gspoLoss({ ...x, clipRatioLow: 0.1, clipRatioHigh: 0.2 }),
  },
  { name: 'cispoLoss', of: 'logProbs', given: policyInputs, loss: (x) => cispoLoss(x) },
  { name: 'lldsLoss', of: 'logProbs', given: ['oldLogProbs', 'advantages'], loss: (x) => lldsLoss(x) },
  { name: 'valueLoss', of: 'values', given: ['oldValues', 'returns'], loss: (x) => valueLoss(x) },
  { name: 'entropyBonus', of: 'entropy', given: [], loss: (x) => entropyBonus(x) },
  ...(['k1', 'k2', 'k3', 'abs'] as const).flatMap((estimator) =>
    (['reverse', 'forward'] as const).flatMap((direction) =>
      [false, true].map((importanceWeighted): Subject => {
        const form = { estimator, direction, importanceWeighted } as const;
        const biased = klFormGradient({ ...form, form: 'loss' }) !== direction;
        return {
          name: `klLoss, ${estimator} ${direction}${importanceWeighted ? ', importance-weighted' : ''}`,
          of: 'logProbs',
          given: ['referenceLogProbs', 'oldLogProbs'],
          loss: (x) => klLoss({ ...x, ...form, biased }),
        };
      }),
    ),
  ),
];

// Exact in float32.
const float = (min: number, max: number) => fc.integer({ min: 256 * min, max: 256 * max }).map((n) => n / 256);
const token: fc.Arbitrary<Token> = fc
  .record({
    old: float(-2.5, -1),
    step: float(-0.75, 0.75),
    gap: float(-0.75, 0.75),
    rest: fc.tuple(float(-2, 2), float(0.25, 2), float(-1, 1), float(-1, 1), float(-2, 2), float(0, 1.5)),
    weight: fc.constantFrom(0, 1, 1),
  })
  .map(({ old, step, gap, rest: [advantages, importanceWeights, values, oldValues, returns, entropy], weight }) => ({
    oldLogProbs: old,
    logProbs: Math.fround(old + step),
    referenceLogProbs: Math.fround(old + gap),
    advantages,
    importanceWeights,
    values,
    oldValues,
    returns,
    entropy,
    weight,
  }));
const nan = Object.fromEntries([...names.map((name) => [name, Number.NaN]), ['weight', 0]]) as unknown as Token;

const TIME = 3;
const aggregations: Aggregation[] = [
  'token-mean',
  'seq-mean-token-sum',
  'seq-mean-token-mean',
  'seq-mean-token-sum-norm',
];
/** Eight rows with the weights of their mini-batch. */
const rows = fc
  .tuple(fc.array(fc.array(token, { minLength: TIME, maxLength: TIME }), { minLength: 8, maxLength: 8 }), fc.nat(3))
  .map(([drawn, which]) => {
    const mask = gridOf(drawn.map((row) => row.map(({ weight }) => weight)));
    const { data } = tokenWeights({ mask, aggregation: aggregations[which] as Aggregation, maxTokens: TIME });
    return drawn.map((row, i) => row.map((one, t) => ({ ...one, weight: data[TIME * i + t] as number })));
  });

const tensorsOf = (batch: readonly (readonly Token[])[]): Tensors => {
  const tensor = (name: Name | 'weight') => tf.tensor2d(batch.map((row) => row.map((one) => one[name])));
  const entries = names.map((name) => [name, tensor(name)] as const);
  return { ...(Object.fromEntries(entries) as Record<Name, tf.Tensor>), weights: tensor('weight') };
};

async function run({ loss, of }: Subject, batch: readonly (readonly Token[])[]) {
  const tensors = tensorsOf(batch);
  const { value, gradient } = await valueAndGradient((x) => loss({ ...tensors, [of]: x }).loss, tensors[of]);
  const metrics = await Promise.all(Object.values(loss(tensors).metrics).map(numberOf));
  return { sums: [value, ...metrics], gradient };
}
const total = (parts: { sums: number[] }[]) =>
  (parts[0]?.sums ?? []).map((_, i) => parts.reduce((sum, part) => sum + (part.sums[i] as number), 0));

describe.each(subjects)('$name', (subject) => {
  property.prop([rows], { numRuns: 4 })('NaN in any masked slot changes nothing', async (batch) => {
    const clean = await run(subject, batch);
    expect([...clean.sums, ...clean.gradient].every(Number.isFinite)).toBe(true);
    const slots = batch.flatMap((row, i) => row.flatMap(({ weight }, t) => (weight === 0 ? [{ i, t }] : [])));
    for (const { i, t } of slots) {
      const poisoned = batch.map((row, r) => row.map((one, c) => (r === i && c === t ? nan : one)));
      expect(await run(subject, poisoned)).toEqual(clean);
      expect(Math.abs(clean.gradient[TIME * i + t] as number)).toBe(0);
    }
  });

  property.prop([rows], { numRuns: 5 })(
    'nothing masked has a gradient, nor has what it takes as given',
    async (batch) => {
      const tensors = tensorsOf(batch);
      const at = tensors[subject.of];
      const { gradient } = await valueAndGradient((x) => {
        // The same numbers, made of what is differentiated.
        const tied = subject.given.map((name) => [name, tf.add(tensors[name], tf.sub(x, at))] as const);
        return subject.loss({ ...tensors, ...Object.fromEntries(tied), [subject.of]: x }).loss;
      }, at);
      expect(gradient).toEqual((await run(subject, batch)).gradient);
    },
  );

  property.prop([rows], { numRuns: 5 })('one micro-batch of 8 equals 8 of 1, in any order', async (batch) => {
    const whole = await run(subject, batch);
    const parts = await Promise.all(batch.map((row) => run(subject, [row])));
    expect(parts.flatMap(({ gradient }) => gradient)).toEqual(whole.gradient);
    expectClose(total(parts), whole.sums, 1e-5);
    const turned = await run(subject, [...batch].reverse());
    expectClose(turned.sums, whole.sums, 1e-5);
    const byRow = batch.map((_, row) => turned.gradient.slice(TIME * row, TIME * row + TIME));
    expect(byRow.reverse().flat()).toEqual(whole.gradient);
  });

  property.prop([rows], { numRuns: 5 })('padding of rows and columns changes nothing', async (batch) => {
    const whole = await run(subject, batch);
    const padded = [...batch.map((row) => [nan, ...row, nan]), Array.from({ length: TIME + 2 }, () => nan)];
    const wide = await run(subject, padded);
    expectClose(wide.sums, whole.sums, 1e-6);
    const inner = batch.flatMap((_, row) => wide.gradient.slice((TIME + 2) * row + 1, (TIME + 2) * row + 1 + TIME));
    expectClose(inner, whole.gradient, 1e-6);
    expect(wide.gradient.slice(-TIME - 2).map(Math.abs)).toEqual([0, 0, 0, 0, 0]);
  });
});
