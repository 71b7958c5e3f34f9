import { type MeasureName, mcnemar, measureDescriptions } from '@dgpo/arc';
import { costRows, describeCost } from '../cost/cost-table.js';
import type { EvaluationCost } from '../cost/evaluation-cost.js';
import type { Cell, PairedCounts, Table } from './api.js';
import type { IndexedEpisode } from './indexed-episode.js';
import { firstVerdicts } from './query-episodes.js';
import type { ResultSet } from './results-file.js';
import type { ViewerRun } from './viewer-run.js';

/** The recorded figures of a run, by set. */
const recordedSets = (run: ViewerRun): ResultSet[] => [
  ...(run.results?.sets ?? []),
  ...run.files.flatMap(({ sets }) => sets),
];

export const nameOf = (run: ViewerRun): string => run.results?.model ?? run.found.name;

/** Counts and means; every other figure is a share. */
const plainFigures = new Set(['executedSearches', 'policyTokens', 'totalTokens', 'searches']);

const labelOf = (name: string): string =>
  name in measureDescriptions ? measureDescriptions[name as MeasureName].label : name;

function recordedTable(title: string, header: string, lines: { name: string; set: ResultSet }[]): Table[] {
  const names = [...new Set(lines.flatMap(({ set }) => set.figures.map(({ name }) => name)))];
  if (names.length === 0) return [];
  return [
    {
      title,
      columns: [
        { header, format: 'text' },
        ...names.map((name) => ({
          header: labelOf(name),
          format: plainFigures.has(name) ? ('number' as const) : ('percent' as const),
        })),
      ],
      rows: lines.map(({ name, set }): Cell[] => [
        name,
        ...names.map((figure) => {
          const found = set.figures.find((candidate) => candidate.name === figure);
          return found?.interval ?? found?.value ?? null;
        }),
      ]),
      notes: ['Means with 95 % bootstrap intervals over questions, as the evaluation recorded them.'],
    },
  ];
}

const columns: Table['columns'] = [
  { header: 'episodes', format: 'integer' },
  { header: 'correct', format: 'percent' },
  { header: 'answered', format: 'percent' },
  { header: 'searches', format: 'number' },
  { header: 'policy tokens', format: 'number' },
  { header: 'out of turns', format: 'percent' },
  { header: 'out of context', format: 'percent' },
  { header: 'errors', format: 'percent' },
];

function countsRow(name: string, episodes: readonly IndexedEpisode[]): Cell[] {
  const count = episodes.length;
  const mean = (pick: (episode: IndexedEpisode) => number) =>
    count === 0 ? null : episodes.reduce((total, episode) => total + pick(episode), 0) / count;
  const known = episodes.flatMap(({ policyTokens }) => policyTokens ?? []);
  const tokens = known.length === 0 ? null : known.reduce((total, own) => total + own, 0) / known.length;
  const ended = (by: IndexedEpisode['endedBy']) => mean(({ endedBy }) => Number(endedBy === by));
  return [
    name,
    count,
    mean(({ correct }) => Number(correct)),
    mean(({ answer }) => Number(answer !== null)),
    mean(({ searches }) => searches),
    tokens,
    ended('turns'),
    ended('length'),
    ended('error'),
  ];
}

const countedNote = 'Counted over the episodes that are indexed; shares of episodes, means per episode.';
const mostRows = 200;

/** Episodes by what tells them apart in this run: stage and update, or set and group. */
function partsOf(run: ViewerRun): { header: string; parts: Map<string, IndexedEpisode[]> } {
  const isTraining = run.found.kind === 'training';
  const parts = new Map<string, IndexedEpisode[]>();
  const put = (name: string, episode: IndexedEpisode) => {
    const own = parts.get(name);
    if (own === undefined) parts.set(name, [episode]);
    else own.push(episode);
  };
  for (const { source, episodes } of run.files) {
    for (const episode of episodes) {
      const { set, group } = episode;
      if (isTraining) put(`${source.stage}, update ${source.step}`, episode);
      else put([set, group].filter((part) => part !== null).join(' · ') || 'all', episode);
    }
  }
  return { header: isTraining ? 'stage' : 'set', parts };
}

/** What a question took; of several lines with the conditions of the measurement, since these may differ. */
function costTable(header: string, lines: readonly { name: string; cost: EvaluationCost }[]): Table[] {
  if (lines.length === 0) return [];
  const notes = [...new Set(lines.map(({ cost }) => describeCost(cost)))];
  return [
    {
      title: 'Cost of a question',
      columns: [
        { header, format: 'text' },
        ...costRows.map(({ label }) => ({ header: label, format: 'number' as const })),
      ],
      rows: lines.map(({ name, cost }): Cell[] => [name, ...costRows.map(({ amountOf }) => amountOf(cost))]),
      notes,
    },
  ];
}

/** The tables of one run: what its results say of every set, and counts over its episodes. */
function tablesOfRun(run: ViewerRun): Table[] {
  const recorded = recordedTable(
    'Results',
    'set',
    recordedSets(run).map((set) => ({ name: set.name, set })),
  );
  const { sets = [], overall } = run.cost?.report ?? {};
  const cost = costTable('set', [
    ...sets,
    ...(overall !== undefined && sets.length > 1 ? [{ name: 'all', cost: overall }] : []),
  ]);
  const { header, parts } = partsOf(run);
  const all = run.files.flatMap(({ episodes }) => episodes);
  if (all.length === 0) return [...recorded, ...cost];
  const rows = [...parts].slice(0, mostRows).map(([name, episodes]) => countsRow(name, episodes));
  const total = parts.size > 1 ? [countsRow('all', all)] : [];
  return [
    ...recorded,
    {
      title: 'Episodes',
      columns: [{ header, format: 'text' }, ...columns],
      rows: [...rows, ...total],
      notes: [countedNote],
    },
    ...cost,
  ];
}

/** The tables of several runs side by side: one for each set that one of them has results of, counts over all episodes, and costs. */
function comparedTables(runs: readonly ViewerRun[]): Table[] {
  const sets = [...new Set(runs.flatMap((run) => recordedSets(run).map(({ name }) => name)))];
  const recorded = sets.flatMap((name) =>
    recordedTable(
      `Results on ${name}`,
      'run',
      runs.flatMap((run) => {
        const set = recordedSets(run).find((candidate) => candidate.name === name);
        return set === undefined ? [] : [{ name: nameOf(run), set }];
      }),
    ),
  );
  const rows = runs.map((run) =>
    countsRow(
      nameOf(run),
      run.files.flatMap(({ episodes }) => episodes),
    ),
  );
  return [
    ...recorded,
    {
      title: 'Episodes',
      columns: [{ header: 'run', format: 'text' }, ...columns],
      rows,
      notes: [countedNote],
    },
    ...costTable(
      'run',
      runs.flatMap((run) => {
        const cost = run.cost?.report?.overall;
        return cost === undefined ? [] : [{ name: nameOf(run), cost }];
      }),
    ),
  ];
}

/** Tables of one run, or of several side by side. */
export function resultTables(runs: readonly ViewerRun[]): Table[] {
  const [first] = runs;
  if (first === undefined) return [];
  return runs.length === 1 ? tablesOfRun(first) : comparedTables(runs);
}

/** Two runs on the questions that both answered. */
export function pairedCounts(first: ViewerRun, second: ViewerRun): PairedCounts {
  const others = firstVerdicts(second);
  const baseline: boolean[] = [];
  const candidate: boolean[] = [];
  for (const [key, isRight] of firstVerdicts(first)) {
    const other = others.get(key);
    if (other === undefined) continue;
    baseline.push(isRight);
    candidate.push(other);
  }
  const { baselineOnly, candidateOnly, pValue } = mcnemar({ baseline, candidate });
  const bothCorrect = baseline.filter((isRight, index) => isRight && candidate[index] === true).length;
  return {
    first: first.found.id,
    second: second.found.id,
    sharedQuestions: baseline.length,
    bothCorrect,
    onlyFirstCorrect: baselineOnly,
    onlySecondCorrect: candidateOnly,
    neitherCorrect: baseline.length - bothCorrect - baselineOnly - candidateOnly,
    pValue,
  };
}
