import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatMarkdownTable } from '@dgpo/arc';
import { writeSizeChart, writeTrainingCharts } from './method-charts.js';
import { methodRows } from './method-rows.js';
import type { MethodRun, SetResult, StartRun } from './method-run.js';
import { pairedRows } from './paired-rows.js';
import { type SeedInterval, seedInterval } from './seed-interval.js';

const percent = (share: number) => (100 * share).toFixed(1);
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

function readRuns(resultsDir: string): { starts: StartRun[]; runs: MethodRun[] } {
  const folder = join(resultsDir, 'runs');
  const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')) : [];
  const all = files.sort().map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as MethodRun | StartRun);
  const runs = all.filter((run): run is MethodRun => 'seed' in run);
  return { starts: all.filter((run) => !('seed' in run)), runs };
}

const interval = ({ mean: value, low, high, values }: SeedInterval) =>
  values.length < 2
    ? percent(value)
    : `${percent(value)} [${percent(Math.max(0, low))}, ${percent(Math.min(1, high))}]`;

/** Exact match of a set, or of its questions with a number of hops. */
const hopsOf = (sets: readonly SetResult[], set: string, hops?: string) => {
  const found = sets.find(({ name }) => name === set);
  return (hops === undefined ? found?.exactMatch : found?.byHops[hops]) ?? Number.NaN;
};

const pooled = (sets: readonly SetResult[], pick: (set: SetResult) => number | null) => {
  const values = sets.map(pick).filter((value) => value !== null);
  return values.length === 0 ? Number.NaN : mean(values);
};

const shown = (value: number, format: (value: number) => string) => (Number.isFinite(value) ? format(value) : '–');

const columns = [
  'method',
  'seeds',
  'fiction',
  '1 hop',
  '2 hops',
  'facts',
  '1 hop',
  '2 hops',
  'reads',
  'thinks',
  'rewrites',
  'searches',
  'tokens',
  'valid',
  'minutes',
  'stopped',
];

function tableRow(label: string, runs: readonly (StartRun & Partial<MethodRun>)[]): string[] {
  const groups = Object.keys(runs[0]?.sets[0]?.byHops ?? {});
  const em = (set: string, hops?: string) => interval(seedInterval(runs.map(({ sets }) => hopsOf(sets, set, hops))));
  const over = (pick: (set: SetResult) => number | null) => mean(runs.map(({ sets }) => pooled(sets, pick)));
  const minutes = mean(
    runs.map(({ stageSeconds = {} }) => Object.values(stageSeconds).reduce((sum, seconds) => sum + seconds, 0) / 60),
  );
  const stopped = runs.filter(({ collapsed }) => typeof collapsed === 'string').map(({ steps }) => `update ${steps}`);
  const trained = runs.every(({ stageSeconds }) => stageSeconds !== undefined);
  return [
    label,
    trained ? String(runs.length) : '–',
    ...['fiction', 'facts'].flatMap((set) => [em(set), em(set, groups[0]), em(set, groups[1])]),
    shown(
      over(({ sourceReferencing }) => sourceReferencing),
      percent,
    ),
    shown(
      over(({ thinking }) => thinking),
      percent,
    ),
    shown(
      over(({ firstQueryAnswerHit }) => firstQueryAnswerHit),
      percent,
    ),
    shown(
      over(({ executedSearches }) => executedSearches),
      (value) => value.toFixed(2),
    ),
    shown(
      over(({ meanTokens }) => meanTokens),
      (value) => value.toFixed(0),
    ),
    shown(
      over(({ validActionRate }) => validActionRate),
      percent,
    ),
    trained ? minutes.toFixed(1) : '–',
    stopped.join(', '),
  ];
}

/** Writes `table.md` and the curves from the runs there are. */
export async function writeMethodsReport(options: { resultsDir: string }): Promise<void> {
  const { resultsDir } = options;
  const { starts, runs } = readRuns(resultsDir);
  const questions = starts[0]?.sets[0]?.correct.length ?? runs[0]?.sets[0]?.correct.length ?? 0;
  const rows = [
    ...starts.map((start) => tableRow(start.row === 'base' ? 'base student' : start.row, [start])),
    ...methodRows.flatMap(({ name, label }) => {
      const own = runs.filter(({ row }) => row === name).sort((a, b) => a.seed - b.seed);
      return own.length === 0 ? [] : [tableRow(label, own)];
    }),
  ];
  const paired = pairedRows({
    candidate: 'dgpo',
    runs,
    labels: new Map(methodRows.map(({ name, label }) => [name, label])),
  });
  const collapsed = runs.filter((run) => run.collapsed !== null);
  const text = [
    '# Every method in the demo world',
    '',
    `Exact match in percent on ${questions} held-out questions of each set, greedy; mean over seeds and its 95 % interval by Student’s t.`,
    'fiction: countries invented for the test; facts: the real ones. reads, thinks and rewrites are the components of ARC (source referencing,',
    'thinking, query rewriting); searches and tokens of the policy per episode; valid actions in percent; minutes: training, all stages, on one or two',
    'threads beside another run. Made by `npm run experiment:methods`, settings by `npm run experiment:methods -- --tune --seeds 100`.',
    '',
    formatMarkdownTable({ columns, rows }),
    '',
    ...(collapsed.length === 0
      ? []
      : [
          'Trainings that the collapse guard stopped:',
          '',
          ...collapsed.map(({ row, seed, collapsed: reason }) => `- ${row}, seed ${seed}: ${reason}`),
          '',
        ]),
    ...(paired.length === 0
      ? []
      : [
          'DGPO (exact KL as a loss) less each of the others, in points, over the seeds that both have. In brackets over questions: the paired',
          'bootstrap of questions, which leaves the seeds as they are; over seeds: Student’s t of their differences.',
          '',
          formatMarkdownTable({
            columns: [
              'DGPO less',
              'seeds',
              'fiction, over questions',
              'over seeds',
              'facts, over questions',
              'over seeds',
            ],
            rows: paired,
          }),
          '',
        ]),
    ...[...writeTrainingCharts(resultsDir, runs), ...(await writeSizeChart(resultsDir, [...starts, ...runs]))].flatMap(
      (line) => [line, ''],
    ),
  ].join('\n');
  writeFileSync(join(resultsDir, 'table.md'), text);
}
