import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lineChartSvg } from '@dgpo/arc';
import { DatasetError } from '@dgpo/trajectory';
import { curveOverSeeds } from './curve-over-seeds.js';
import { type SisterPart, sisterParts } from './sister-rows.js';
import type { SisterRun } from './sister-run.js';
import { modelsOf, sisterTables } from './sister-tables.js';

function readRuns(resultsDir: string): SisterRun[] {
  const folder = join(resultsDir, 'runs');
  const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')) : [];
  return files.sort().map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as SisterRun);
}

/** Curves of the trainings of a part, one file a chart; gives the lines of Markdown that show them. */
function writeCharts(resultsDir: string, part: SisterPart, runs: readonly SisterRun[]): string[] {
  const models = modelsOf(part, runs);
  return part.charts.flatMap(({ file, title, metric, models: ids, share }) => {
    const series = ids.flatMap((id, color) => {
      const found = models.find((model) => model.id === id);
      const curves = (found?.runs ?? []).flatMap(({ model }) => {
        const curve = model.curves[metric];
        return curve === undefined ? [] : [curve];
      });
      const label = found?.label.replace(/^(?:\+|then) /, '') ?? '';
      return curves.length === 0 ? [] : [curveOverSeeds(label, curves, color)];
    });
    if (series.length === 0) return [];
    const chart = { title, xLabel: 'update', series, ...(share ? { yRange: [0, 1] as const } : {}) };
    writeFileSync(join(resultsDir, `${file}.svg`), lineChartSvg(chart));
    return [`![${title}](${file}.svg)`, ''];
  });
}

const legend = [
  'Greedy on held-out tasks; mean over seeds and its 95 % interval by Student’s t, families of tasks without. score: 100 times the mean reward;',
  'tokens: all that went through the model in an episode, the context of every turn included (for a vote those of the winning actions; its whole',
  'price is under cost); invalid: episodes with an action that could not be read or carried out. Paired differences of success and score have two',
  'intervals: over tasks by the paired bootstrap, which leaves the seeds as they are, and over seeds by Student’s t of their differences; those of',
  'turns and tokens are over seeds. Bands of curves span the seeds. Made by `npm run experiment:sisters`.',
];

/**
 * Writes `table.md` and the curves from the runs there are.
 * @throws DatasetError where there are none
 */
export function writeSistersReport(options: { resultsDir: string }): void {
  const { resultsDir } = options;
  const runs = readRuns(resultsDir);
  const parts = sisterParts.flatMap((part) => [...sisterTables(part, runs), ...writeCharts(resultsDir, part, runs)]);
  if (parts.length === 0) throw new DatasetError(`${join(resultsDir, 'runs')} has no runs of this experiment`);
  mkdirSync(resultsDir, { recursive: true });
  const text = ['# Agent distillation and hint distillation', '', ...legend, '', ...parts].join('\n');
  writeFileSync(join(resultsDir, 'table.md'), text);
}
