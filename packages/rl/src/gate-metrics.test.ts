import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { expectClose, gridOf } from './__fixtures__/numerics.js';
import { gateMetrics } from './gate-metrics.js';
import { gateWeights } from './gate-weights.js';

const poison = Number.NaN;

test('means of gated and ungated rows apart, masked NaN and empty rows left out', () => {
  const metrics = gateMetrics({
    gate: Float32Array.of(1, 0, 1, 1),
    policyMask: gridOf([
      [1, 0, 1],
      [0, 1, 0],
      [1, 0, 0],
      [0, 0, 0],
    ]),
    perToken: {
      kl: gridOf([
        [2, poison, 4],
        [poison, 8, poison],
        [-3, poison, poison],
        [poison, poison, poison],
      ]),
    },
    perRow: { reward: [0, 1, 0.5, poison] },
  });
  expect(metrics).toEqual({
    'gated/rows': 2,
    'gated/tokens': 3,
    'gated/length': 1.5,
    'gated/kl': 1,
    'gated/reward': 0.25,
    'ungated/rows': 1,
    'ungated/tokens': 1,
    'ungated/length': 1,
    'ungated/kl': 8,
    'ungated/reward': 1,
  });
});

test('a side without rows is 0, not NaN; shapes must fit', () => {
  const policyMask = gridOf([[1, 1]]);
  const metrics = gateMetrics({ gate: Float32Array.of(1), policyMask, perRow: { reward: [3] } });
  expect(metrics).toMatchObject({ 'gated/reward': 3, 'ungated/reward': 0, 'ungated/rows': 0, 'ungated/length': 0 });
  expect(() => gateMetrics({ gate: new Float32Array(2), policyMask })).toThrow('gate has 2 entries for 1 rows');
  expect(() => gateMetrics({ gate: new Float32Array(1), policyMask, perRow: { reward: [] } })).toThrow(RangeError);
  expect(() => gateMetrics({ gate: new Float32Array(1), policyMask, perToken: { kl: gridOf([[1]]) } })).toThrow('kl');
});

const rowsOf = fc.array(
  fc.record({
    open: fc.boolean(),
    mask: fc.tuple(fc.boolean(), fc.boolean()),
    kl: fc.tuple(fc.float({ min: -4, max: 4, noNaN: true }), fc.float({ min: -4, max: 4, noNaN: true })),
  }),
  { minLength: 1, maxLength: 8 },
);

property.prop([rowsOf])('order of rows and padding do not matter', (rows) => {
  const measure = (list: typeof rows, padding: number) =>
    gateMetrics({
      gate: Float32Array.from(list, ({ open }) => (open ? 1 : 0)),
      policyMask: gridOf(list.map(({ mask }) => [...mask.map(Number), ...new Array<number>(padding).fill(0)])),
      perToken: { kl: gridOf(list.map(({ kl }) => [...kl, ...new Array<number>(padding).fill(poison)])) },
    });
  const names = Object.keys(measure(rows, 0));
  const moved = measure([...rows].reverse(), 3);
  expectClose(
    names.map((name) => moved[name] as number),
    Object.values(measure(rows, 0)),
    1e-12,
  );
});

test('gateWeights keeps the weights of gated rows', () => {
  const weights = gridOf([
    [0.25, 0],
    [0.5, 0.25],
  ]);
  expect([...gateWeights({ weights, gate: Float32Array.of(0, 1) }).data]).toEqual([0, 0, 0.5, 0.25]);
  expect(() => gateWeights({ weights, gate: new Float32Array(3) })).toThrow(RangeError);
});
