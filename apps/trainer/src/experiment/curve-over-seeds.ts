import type { ReportCurve } from '@dgpo/arc';
import type { Curve } from './method-run.js';

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Mean over seeds at the steps that all have, with the range between them. */
export function curveOverSeeds(name: string, curves: readonly Curve[], color: number): ReportCurve['series'][number] {
  const steps = (curves[0] ?? [])
    .map(([step]) => step)
    .filter((step) => curves.every((c) => c.some(([s]) => s === step)));
  const at = (step: number) => curves.map((curve) => curve.find(([other]) => other === step)?.[1] ?? Number.NaN);
  return {
    name,
    color,
    points: steps.map((step) => [step, mean(at(step))]),
    ...(curves.length < 2
      ? {}
      : { band: steps.map((step): [number, number, number] => [step, Math.min(...at(step)), Math.max(...at(step))]) }),
  };
}
