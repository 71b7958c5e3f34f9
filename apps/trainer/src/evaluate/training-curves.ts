import type { CurveSeries, ReportCurve } from '@dgpo/arc';
import { type MetricLine, readMetrics } from '../run/read-metrics.js';

/** Metrics worth a chart, in the order of the report. */
const charted: readonly { metric: string; title: string; caption?: string; share?: true }[] = [
  { metric: 'reward', title: 'Training reward', caption: 'Mean over the sampled episodes of each update.' },
  { metric: 'correct', title: 'Right episodes in training', share: true },
  { metric: 'completions/mean_length', title: 'Tokens of the policy per episode' },
  { metric: 'searches', title: 'Executed searches per episode' },
  { metric: 'valid_action_rate', title: 'Valid actions', share: true },
  { metric: 'gated_fraction', title: 'Episodes behind the failure gate', share: true },
  { metric: 'kl', title: 'KL to the teacher' },
  {
    metric: 'gated/beta_kl_sum',
    title: 'β · Σ KL of gated episodes',
    caption: 'The penalty as the reward feels it: small beside 1, or length pays.',
  },
  { metric: 'entropy', title: 'Entropy' },
];

/** Curves of more points than this are averaged. */
const maximumPoints = 240;

/** Averages neighbours until there are few enough. */
function thin(points: readonly (readonly [number, number])[]): (readonly [number, number])[] {
  const size = Math.ceil(points.length / maximumPoints);
  if (size <= 1) return [...points];
  return Array.from({ length: Math.ceil(points.length / size) }, (_, index) => {
    const part = points.slice(index * size, (index + 1) * size);
    const mean = (at: 0 | 1) => part.reduce((sum, point) => sum + point[at], 0) / part.length;
    return [mean(0), mean(1)] as const;
  });
}

function seriesOf(lines: readonly MetricLine[], metric: string, stages: readonly string[]): CurveSeries[] {
  return stages.flatMap((stage, color) => {
    const own = lines.filter((line) => line.stage === stage && metric in line.values);
    if (own.length === 0) return [];
    const points = thin(own.map(({ step, values }) => [step, values[metric] ?? Number.NaN] as const));
    return [{ name: stage, points, color }];
  });
}

/**
 * The curves of a run from its `metrics.jsonl`: a chart per metric with a line per stage of reinforcement learning, and a chart of the
 * loss for each other stage. None when the file is not there.
 *
 * @param options.stages names of stages whose colours come first, such as the models of a report
 * @throws DatasetError for a line that is no metrics, with its number
 */
export async function trainingCurves(options: { path: string; stages?: readonly string[] }): Promise<ReportCurve[]> {
  const lines = await readMetrics(options.path);
  const stages = [...new Set([...(options.stages ?? []), ...lines.map(({ stage }) => stage)])];
  const rewarded = new Set(lines.filter(({ values }) => 'reward' in values).map(({ stage }) => stage));
  const episodes = lines.filter(({ stage }) => rewarded.has(stage));
  const others = lines.filter(({ stage }) => !rewarded.has(stage));
  const metrics = charted.map(
    ({ metric, share, ...rest }): ReportCurve => ({
      ...rest,
      xLabel: 'update',
      series: seriesOf(episodes, metric, stages),
      ...(share === undefined ? {} : { yRange: [0, 1] as const }),
    }),
  );
  const losses = seriesOf(others, 'loss', stages).map(
    (series): ReportCurve => ({
      title: `Loss, ${series.name}`,
      xLabel: 'update',
      series: [series],
    }),
  );
  return [...metrics, ...losses].filter(({ series }) => series.length > 0);
}
