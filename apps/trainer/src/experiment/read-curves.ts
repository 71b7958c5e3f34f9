import { readMetrics } from '../run/read-metrics.js';
import type { Curve } from './method-run.js';

const kept = [
  'reward',
  'correct',
  'entropy',
  'valid_action_rate',
  'searches',
  'completions/mean_length',
  'gated/beta_kl_sum',
  'kl',
  'gated/kl',
  'loss',
];

/** Points of a curve at most. */
const maximumPoints = 80;

/** The kept metrics of a stage, thinned, from `metrics.jsonl` of its run, and the tokens that it trained on. */
export async function readCurves(
  path: string,
  stage: string,
): Promise<{ curves: Record<string, Curve>; tokens: number }> {
  const lines = (await readMetrics(path)).filter((line) => line.stage === stage);
  const every = Math.max(1, Math.ceil(lines.length / maximumPoints));
  const curves: Record<string, Curve> = {};
  for (const name of kept) {
    const points = lines
      .filter(({ values }, index) => index % every === 0 && Number.isFinite(values[name]))
      .map(({ step, values }): [number, number] => [step, Number((values[name] as number).toPrecision(5))]);
    if (points.length > 0) curves[name] = points;
  }
  return { curves, tokens: lines.reduce((sum, { values }) => sum + Number(values.num_tokens ?? 0), 0) };
}
