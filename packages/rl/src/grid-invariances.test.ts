import { fc, test as property } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { expectClose, gridOf } from './__fixtures__/numerics.js';
import { applyKlPenalty } from './apply-kl-penalty.js';
import { estimateKl } from './estimate-kl.js';
import { gateWeights } from './gate-weights.js';
import { generalizedAdvantageEstimation } from './generalized-advantage-estimation.js';
import type { Grid } from './grid.js';
import { groupRelativeAdvantages } from './group-relative-advantages.js';
import { maskTruncated } from './overlong.js';
import { reinforcePlusPlusAdvantages, reinforcePlusPlusBaselineAdvantages } from './reinforce-plus-plus.js';
import { remaxAdvantages } from './remax-advantages.js';
import { rlooAdvantages } from './rloo-advantages.js';
import { samplerCorrection } from './sampler-correction.js';
import { tokenAdvantages } from './token-advantages.js';
import { tokenWeights } from './token-weights.js';
import { whiten } from './whiten.js';

interface Token {
  isPolicy: boolean;
  a: number;
  b: number;
}
interface Row {
  tokens: Token[];
  group: string;
  score: number;
  isGated: boolean;
}
interface Batch {
  /** Two grids of numbers, NaN off the mask. */
  a: Grid;
  b: Grid;
  mask: Grid;
  groups: string[];
  scores: Float32Array;
  gate: Float32Array;
}

/** Every grid that the package makes of grids. */
const subjects: { name: string; isLocal?: boolean; run: (batch: Batch) => Grid }[] = [
  ...(['token-mean', 'seq-mean-token-sum', 'seq-mean-token-mean', 'seq-mean-token-sum-norm'] as const).map(
    (aggregation) => ({
      name: `tokenWeights, ${aggregation}`,
      run: ({ mask }: Batch) => tokenWeights({ mask, aggregation, maxTokens: 8 }),
    }),
  ),
  { name: 'gateWeights', isLocal: true, run: ({ mask, gate }) => gateWeights({ weights: mask, gate }) },
  {
    name: 'maskTruncated',
    isLocal: true,
    run: ({ mask, gate }) => maskTruncated({ mask, truncated: Array.from(gate, (open) => open === 1) }),
  },
  { name: 'whiten', run: ({ a, mask }) => whiten({ values: a, mask }) },
  ...(['k1', 'k2', 'k3', 'abs'] as const).map((estimator) => ({
    name: `estimateKl, ${estimator}`,
    isLocal: true,
    run: ({ a, b, mask }: Batch) => estimateKl({ logProbs: a, referenceLogProbs: b, policyMask: mask, estimator }),
  })),
  ...(['sum', 'token-mean'] as const).map((aggregation) => ({
    name: `applyKlPenalty, ${aggregation}`,
    isLocal: true,
    run: ({ a, mask, scores, gate }: Batch) =>
      applyKlPenalty({ scores, kl: a, policyMask: mask, gate, beta: 0.25, aggregation }).rewards,
  })),
  {
    name: 'generalizedAdvantageEstimation',
    isLocal: true,
    run: ({ a, b, mask }) =>
      generalizedAdvantageEstimation({ rewards: a, values: b, mask, policyMask: mask, gamma: 0.5, lambda: 0.5 })
        .advantages,
  },
  {
    name: 'reinforcePlusPlusAdvantages',
    run: ({ a, mask }) => reinforcePlusPlusAdvantages({ rewards: a, policyMask: mask, gamma: 0.5 }).advantages,
  },
  {
    name: 'reinforcePlusPlusBaselineAdvantages',
    run: ({ mask, scores, groups }) => reinforcePlusPlusBaselineAdvantages({ scores, groups, policyMask: mask }),
  },
  {
    name: 'remaxAdvantages',
    isLocal: true,
    run: ({ a, mask, groups }) =>
      remaxAdvantages({ rewards: a, policyMask: mask, groups, baselines: new Map(Object.entries({ p: 0.5, q: -1 })) })
        .advantages,
  },
  {
    name: 'groupRelativeAdvantages and tokenAdvantages',
    run: ({ mask, scores, groups }) =>
      tokenAdvantages({ advantages: groupRelativeAdvantages({ scores, groups }), policyMask: mask }),
  },
  {
    name: 'rlooAdvantages and tokenAdvantages',
    run: ({ mask, scores, groups }) =>
      tokenAdvantages({ advantages: rlooAdvantages({ scores, groups }), policyMask: mask }),
  },
  ...(['token', 'sequence'] as const).map((level) => ({
    name: `samplerCorrection, ${level}`,
    isLocal: true,
    run: ({ a, b, mask }: Batch) =>
      samplerCorrection({ samplerLogProbs: a, trainerLogProbs: b, mask, level, geometricMask: { high: 2 } }).weights,
  })),
];

const number = fc.integer({ min: -128, max: 128 }).map((n) => n / 64);
const TIME = 4;
const rows: fc.Arbitrary<Row[]> = fc.array(
  fc.record({
    tokens: fc.array(fc.record({ isPolicy: fc.boolean(), a: number, b: number }), { minLength: TIME, maxLength: TIME }),
    group: fc.constantFrom('p', 'q'),
    score: number,
    isGated: fc.boolean(),
  }),
  { minLength: 8, maxLength: 8 },
);

function batchOf(list: readonly Row[], padding = 0): Batch {
  const grid = (of: (token: Token) => number, fill: number) =>
    gridOf(list.map(({ tokens }) => [...tokens.map(of), ...Array<number>(padding).fill(fill)]));
  const hidden = (of: (token: Token) => number) =>
    grid((token) => (token.isPolicy ? of(token) : Number.NaN), Number.NaN);
  return {
    a: hidden((token) => token.a),
    b: hidden((token) => token.b),
    mask: grid(({ isPolicy }) => Number(isPolicy), 0),
    groups: list.map(({ group }) => group),
    scores: Float32Array.from(list, ({ score }) => score),
    gate: Float32Array.from(list, ({ isGated }) => Number(isGated)),
  };
}
const rowsOf = ({ data, shape: [batch, time] }: Grid) =>
  Array.from({ length: batch }, (_, row) => [...data.slice(row * time, row * time + TIME)]);

describe.each(subjects)('$name', ({ run, isLocal }) => {
  property.prop([rows], { numRuns: 25 })('masked NaN, padding and the order of rows change nothing', (list) => {
    const whole = run(batchOf(list));
    const policy = list.flatMap(({ tokens }) => tokens.map(({ isPolicy }) => isPolicy));
    expect(
      [...whole.data].every((value, index) => (policy[index] === true ? Number.isFinite(value) : value === 0)),
    ).toBe(true);
    const padded = run(batchOf(list, 3));
    expectClose(rowsOf(padded).flat(), whole.data, 1e-6);
    expect([...padded.data].filter((_, index) => index % (TIME + 3) >= TIME).every((value) => value === 0)).toBe(true);
    // Sums over the batch are rounded in another order.
    expectClose(
      rowsOf(run(batchOf([...list].reverse())))
        .reverse()
        .flat(),
      whole.data,
      1e-4,
    );
    if (isLocal !== true) return;
    const single = list.flatMap((row) => [...run(batchOf([row])).data]);
    expect(single).toEqual([...whole.data]);
  });
});
