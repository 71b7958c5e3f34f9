import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lineChartSvg, type ReportCurve } from '@dgpo/arc';
import { decoderConfig, loadTokenizer, parameterCount } from '@dgpo/lm';
import { assetsDirectory } from '../demo/assets.js';
import { studentSize } from '../demo/demo-settings.js';
import { curveOverSeeds } from './curve-over-seeds.js';
import { studentSizes } from './method-rows.js';
import type { MethodRun, StartRun } from './method-run.js';

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

const charts: { file: string; title: string; metric: string; rows: string[]; share: boolean }[] = [
  {
    file: 'reward-dgpo',
    title: 'Right episodes in training: DGPO and its ablations',
    metric: 'correct',
    rows: ['dgpo', 'kd-ppo', 'dgpo-uniform-kl', 'dgpo-no-cold-start', 'dgpo-grpo', 'kd-grpo'],
    share: true,
  },
  {
    file: 'reward-forms',
    title: 'Right episodes in training: forms of the guidance',
    metric: 'correct',
    rows: ['dgpo', 'dgpo-token-mean', 'dgpo-reference', 'kd-ppo'],
    share: true,
  },
  {
    file: 'length-forms',
    title: 'Tokens of the policy per episode: forms of the guidance',
    metric: 'completions/mean_length',
    rows: ['dgpo', 'dgpo-token-mean', 'dgpo-reference', 'kd-ppo'],
    share: false,
  },
  {
    file: 'penalty-forms',
    title: 'β · Σ k1 of gated episodes',
    metric: 'gated/beta_kl_sum',
    rows: ['dgpo-token-mean', 'dgpo-reference', 'dgpo-grpo'],
    share: false,
  },
  {
    file: 'reward-baselines',
    title: 'Right episodes in training: baselines',
    metric: 'correct',
    rows: ['ppo', 'grpo', 'sft-ppo', 'kd-ppo', 'kd-grpo', 'dgpo'],
    share: true,
  },
];

/** Curves of the trainings, one file a chart; gives the lines of Markdown that show them. */
export function writeTrainingCharts(resultsDir: string, runs: readonly MethodRun[]): string[] {
  return charts.flatMap(({ file, title, metric, rows, share }) => {
    const series = rows.flatMap((name, color) => {
      const own = runs.filter(({ row }) => row === name);
      const curves = own.map((run) => run.curves[metric]).filter((curve) => curve !== undefined);
      return curves.length === 0 ? [] : [curveOverSeeds(name, curves, color)];
    });
    if (series.length === 0) return [];
    const curve: ReportCurve = { title, xLabel: 'update', series, ...(share ? { yRange: [0, 1] as const } : {}) };
    writeFileSync(join(resultsDir, `${file}.svg`), lineChartSvg(curve));
    return [`![${title}](${file}.svg)`];
  });
}

/** Lines of the figure over sizes: the rows of the small, the shipped and the large student. */
const sizeRows = [
  { name: 'base', rows: ['base-small', 'base', 'base-large'] },
  { name: 'PPO', rows: ['ppo-small', 'ppo', 'ppo-large'] },
  { name: 'KD (cold start)', rows: ['kd-small', 'kd-cold-start', 'kd-large'] },
  { name: 'DGPO', rows: ['dgpo-small', 'dgpo', 'dgpo-large'] },
];

/** Exact match over both sets against the size of the student, with the range over seeds. */
export async function writeSizeChart(resultsDir: string, runs: readonly StartRun[]): Promise<string[]> {
  const { vocabularySize } = await loadTokenizer(join(assetsDirectory, 'student'));
  const sizes = [studentSizes.small, studentSize, studentSizes.large].map(
    (size) => parameterCount(decoderConfig({ vocabularySize, ...size })) / 1e6,
  );
  const series = sizeRows.flatMap(({ name, rows }, color) => {
    const shares = rows.map((row) =>
      runs.filter((run) => run.row === row).map(({ sets }) => mean(sets.map(({ exactMatch }) => exactMatch))),
    );
    if (shares.some((values) => values.length === 0)) return [];
    const band = shares.map((values, index): [number, number, number] => [
      sizes[index] ?? 0,
      Math.min(...values),
      Math.max(...values),
    ]);
    return [
      { name, color, points: shares.map((values, index): [number, number] => [sizes[index] ?? 0, mean(values)]), band },
    ];
  });
  if (series.length === 0) return [];
  const title = 'Exact match against the size of the student';
  writeFileSync(
    join(resultsDir, 'sizes.svg'),
    lineChartSvg({ title, xLabel: 'million parameters', series, yRange: [0, 1] }),
  );
  return [`![${title}](sizes.svg)`];
}
