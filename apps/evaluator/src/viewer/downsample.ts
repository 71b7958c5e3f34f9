import type { MetricSeries } from './api.js';

/**
 * At most `points` points of a series, so that the line looks the same: the first, the last, and of every stretch between them the least
 * and the greatest value, in their order. A stretch without a finite value keeps its first point, a gap.
 */
export function downsample(series: MetricSeries, points: number): MetricSeries {
  const { steps, values } = series;
  const count = steps.length;
  if (count <= Math.max(2, points)) return series;
  const stretches = Math.max(0, Math.floor((points - 2) / 2));
  const kept = [0];
  for (let stretch = 0; stretch < stretches; stretch++) {
    const from = 1 + Math.floor((stretch * (count - 2)) / stretches);
    const to = 1 + Math.floor(((stretch + 1) * (count - 2)) / stretches);
    let least = -1;
    let greatest = -1;
    for (let index = from; index < to; index++) {
      const value = values[index] ?? null;
      if (value === null) continue;
      if (least === -1 || value < (values[least] ?? 0)) least = index;
      if (greatest === -1 || value > (values[greatest] ?? 0)) greatest = index;
    }
    if (least === -1) kept.push(from);
    else if (least === greatest) kept.push(least);
    else kept.push(Math.min(least, greatest), Math.max(least, greatest));
  }
  kept.push(count - 1);
  return {
    ...series,
    steps: kept.map((index) => steps[index] ?? 0),
    values: kept.map((index) => values[index] ?? null),
  };
}
