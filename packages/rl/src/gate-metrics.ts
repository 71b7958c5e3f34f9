import { type Grid, requireLength, requireSameShape } from './grid.js';

export interface GateMetricsOptions {
  /** `[batch]`, see {@link failureGate}. */
  gate: Float32Array;
  /** 1 where the policy sampled the token. */
  policyMask: Grid;
  /** Measured per token, such as `kl` and `entropy`; what is masked may be NaN. */
  perToken?: Readonly<Record<string, Grid>>;
  /** Measured per row, such as `reward`, `[batch]`. */
  perRow?: Readonly<Record<string, ArrayLike<number>>>;
}

/**
 * Means over gated and ungated rows apart, for the log: whether the teacher's pull reaches the rows that it is for, and what the others
 * do meanwhile. Measure the whole batch at once, for means of micro-batches do not add up. Rows without policy tokens do not count.
 *
 * @returns for `gated` and `ungated` each: `gated/rows`, `gated/tokens`, `gated/length` (policy tokens per row), and under
 * `gated/<name>` the mean over policy tokens or rows; 0 where there are none
 * @throws RangeError when the shapes do not fit.
 */
export function gateMetrics(options: GateMetricsOptions): Record<string, number> {
  const { gate, policyMask, perToken = {}, perRow = {} } = options;
  requireSameShape({ policyMask, ...perToken });
  const [batch, time] = policyMask.shape;
  requireLength('gate', gate.length, batch);
  for (const [name, values] of Object.entries(perRow)) requireLength(name, values.length, batch);

  const rows = Array.from({ length: batch }, (_, row) => ({
    row,
    tokens: Array.from({ length: time }, (__, t) => row * time + t).filter((index) => policyMask.data[index] === 1),
  })).filter(({ tokens }) => tokens.length > 0);
  const mean = (values: ArrayLike<number>, indices: readonly number[]) =>
    indices.length === 0 ? 0 : indices.reduce((sum, index) => sum + (values[index] as number), 0) / indices.length;

  const metrics: Record<string, number> = {};
  for (const side of ['gated', 'ungated'] as const) {
    const chosen = rows.filter(({ row }) => (gate[row] === 1) === (side === 'gated'));
    const tokens = chosen.flatMap((entry) => entry.tokens);
    metrics[`${side}/rows`] = chosen.length;
    metrics[`${side}/tokens`] = tokens.length;
    metrics[`${side}/length`] = chosen.length === 0 ? 0 : tokens.length / chosen.length;
    for (const [name, grid] of Object.entries(perToken)) metrics[`${side}/${name}`] = mean(grid.data, tokens);
    const indices = chosen.map(({ row }) => row);
    for (const [name, values] of Object.entries(perRow)) metrics[`${side}/${name}`] = mean(values, indices);
  }
  return metrics;
}
