import type { MetricSeries } from '../../../src/viewer/api.js';
import type { Point } from './curve-points.js';

/** One chart: a metric, with a curve for each stage that has it. */
export interface CurveGroup {
  name: string;
  curves: { name: string; points: Point[] }[];
}

/** What a reader looks for first; others follow in the order of the file. */
const customary = ['reward', 'correct', 'loss', 'kl', 'entropy'];

const rank = (name: string) => {
  const place = customary.indexOf(name);
  return place === -1 ? customary.length : place;
};

/** Groups the series of a run by metric. */
export function groupCurves(series: readonly MetricSeries[]): CurveGroup[] {
  const groups = new Map<string, CurveGroup>();
  for (const { name, stage, steps, values } of series) {
    const group = groups.get(name) ?? { name, curves: [] };
    group.curves.push({ name: stage, points: steps.map((step, index): Point => [step, values[index] ?? null]) });
    groups.set(name, group);
  }
  return [...groups.values()].sort((a, b) => rank(a.name) - rank(b.name));
}
