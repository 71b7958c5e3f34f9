import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { expectClose, gridOf } from './__fixtures__/numerics.js';
import { generalizedAdvantageEstimation } from './generalized-advantage-estimation.js';
import { groupRelativeAdvantages } from './group-relative-advantages.js';
import { reinforcePlusPlusAdvantages, reinforcePlusPlusBaselineAdvantages } from './reinforce-plus-plus.js';
import { remaxAdvantages } from './remax-advantages.js';
import { rlooAdvantages } from './rloo-advantages.js';
import { whiten } from './whiten.js';

type Rows = number[][];
interface Golden {
  gamma: number;
  lambda: number;
  groups: string[];
  scores: number[];
  rewards: Rows;
  values: Rows;
  policyMask: Rows;
  mask: Rows;
  baselines: Record<string, number>;
  expected: Record<'grpo' | 'drGrpo' | 'rloo', number[]> &
    Record<'gaeSkipObservations' | 'gaeLegacy' | 'reinforcePlusPlus', { advantages: Rows; returns: Rows }> &
    Record<'reinforcePlusPlusBaseline' | 'remax', Rows>;
}

// Made by tools/parity/advantages.py from the formulas in float64, and equal there to verl's functions.
const golden: Golden = JSON.parse(
  await readFile(new URL('./__fixtures__/advantages.json', import.meta.url), 'utf8'),
) as Golden;
const { gamma, lambda, groups, expected } = golden;

/** The batch in another order of rows, with columns of padding after it, and NaN wherever a mask is 0. */
function batchOf(order: readonly number[], padding: number) {
  const pick = <T>(list: readonly T[]): T[] => order.map((row) => list[row] as T);
  const wide = (rows: Rows, fill: number) => pick(rows).map((row) => [...row, ...Array(padding).fill(fill)]);
  const poisoned = (rows: Rows, mask: Rows) =>
    gridOf(
      wide(
        rows.map((row, i) => row.map((value, t) => (mask[i]?.[t] === 1 ? value : Number.NaN))),
        Number.NaN,
      ),
    );
  const flat = (rows: Rows) => wide(rows, 0).flat();
  return { pick, poisoned, flat, mask: gridOf(wide(golden.mask, 0)), policyMask: gridOf(wide(golden.policyMask, 0)) };
}

const forwards = golden.groups.map((_, row) => row);
describe.each([
  { name: 'as stored', order: forwards, padding: 0 },
  { name: 'rows reversed and padded', order: [...forwards].reverse(), padding: 3 },
  {
    name: 'rows sorted by group',
    order: [...forwards].sort((a, b) => (groups[a] ?? '').localeCompare(groups[b] ?? '')),
    padding: 1,
  },
])('published formulas in float64, $name', ({ order, padding }) => {
  const { pick, poisoned, flat, mask, policyMask } = batchOf(order, padding);
  const rewards = poisoned(golden.rewards, golden.policyMask);
  const scores = Float32Array.from(pick(golden.scores));
  const names = pick(groups);

  test('GAE', () => {
    const skip = generalizedAdvantageEstimation({
      rewards,
      values: poisoned(golden.values, golden.policyMask),
      mask,
      policyMask,
      gamma,
      lambda,
    });
    expectClose(skip.advantages.data, flat(expected.gaeSkipObservations.advantages), 1e-6);
    expectClose(skip.returns.data, flat(expected.gaeSkipObservations.returns), 1e-6);
    const legacy = generalizedAdvantageEstimation({
      rewards: poisoned(golden.rewards, golden.mask),
      values: poisoned(golden.values, golden.mask),
      mask,
      policyMask,
      gamma,
      lambda,
      mode: 'legacy',
    });
    expectClose(legacy.advantages.data, flat(expected.gaeLegacy.advantages), 1e-6);
    expectClose(legacy.returns.data, flat(expected.gaeLegacy.returns), 1e-6);
  });

  test('GRPO, Dr. GRPO and RLOO', () => {
    expectClose(groupRelativeAdvantages({ scores, groups: names }), pick(expected.grpo), 1e-6);
    const dr = groupRelativeAdvantages({ scores, groups: names, normalizeByStd: false });
    expectClose(dr, pick(expected.drGrpo), 1e-6);
    expectClose(rlooAdvantages({ scores, groups: names }), pick(expected.rloo), 1e-6);
  });

  test('REINFORCE++ and its form with baseline', () => {
    const { advantages, returns } = reinforcePlusPlusAdvantages({ rewards, policyMask, gamma });
    expectClose(advantages.data, flat(expected.reinforcePlusPlus.advantages), 2e-6);
    expectClose(returns.data, flat(expected.reinforcePlusPlus.returns), 1e-6);
    const baseline = reinforcePlusPlusBaselineAdvantages({ scores, groups: names, policyMask });
    expectClose(baseline.data, flat(expected.reinforcePlusPlusBaseline), 2e-6);
  });

  test('ReMax', () => {
    const baselines = new Map(Object.entries(golden.baselines));
    const { advantages } = remaxAdvantages({ rewards, policyMask, groups: names, baselines });
    expectClose(advantages.data, flat(expected.remax), 1e-6);
  });
});

test('the estimators differ from each other', () => {
  const { flat, policyMask } = batchOf(forwards, 0);
  const mask = policyMask;
  const perToken = (perRow: readonly number[]) =>
    golden.policyMask.map((row, i) => row.map((flag) => (flag === 1 ? (perRow[i] as number) : 0)));
  const whitened = whiten({ values: gridOf(expected.gaeSkipObservations.advantages), mask });
  const all = [
    perToken(expected.grpo).flat(),
    perToken(expected.drGrpo).flat(),
    perToken(expected.rloo).flat(),
    flat(expected.gaeSkipObservations.advantages),
    flat(expected.gaeLegacy.advantages),
    flat(expected.reinforcePlusPlus.advantages),
    flat(expected.reinforcePlusPlusBaseline),
    flat(expected.remax),
    [...whitened.data],
  ];
  all.forEach((one, i) => {
    for (const other of all.slice(i + 1)) {
      expect(Math.max(...one.map((value, t) => Math.abs(value - (other[t] as number))))).toBeGreaterThan(0.05);
    }
  });
});
