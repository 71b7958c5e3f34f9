import { measureDescriptions, type ReportBars, type ReportTable, type TableOptions } from '@dgpo/arc';
import { type RunReportResult, setsOf } from './results-table.js';

const right = (header: string) => ({ header, align: 'right' as const });
const percent = (share: number | undefined) =>
  share === undefined || !Number.isFinite(share) ? '–' : (100 * share).toFixed(1);
const fixed = (value: number | undefined, digits: number) => (value === undefined ? '–' : value.toFixed(digits));

/** Whether results are of a household or a shop. */
export const arePlayed = (results: readonly RunReportResult[]): boolean =>
  results.some(({ sets }) => sets.some(({ play }) => play !== undefined));

/** Models down; across, for a terminal: success on each set and its families of tasks, then score, turns, tokens and valid actions. */
export function playTable(results: readonly RunReportResult[]): TableOptions {
  const sets = setsOf(results);
  const headers = sets.flatMap(({ name, groups }) => [
    ...[name, ...groups.map((group) => `· ${group}`)],
    ...['score', 'turns', 'tokens', 'valid'],
  ]);
  const rows = results.map((result) => [
    result.name,
    ...sets.flatMap(({ name, groups }) => {
      const set = result.sets.find((candidate) => candidate.name === name);
      const parts = [set?.summary.overall, ...groups.map((group) => set?.summary.groups[group])];
      return [
        ...parts.map((part) => percent(part?.figures.correct.mean)),
        percent(set?.play?.score),
        fixed(set?.play?.steps, 1),
        fixed(set?.play?.tokens, 0),
        percent(set?.summary.overall.figures.validActionRate.mean),
      ];
    }),
  ]);
  return { columns: ['model', ...headers.map(right)], rows };
}

/** What the columns of {@link playTable} mean, in one sentence. */
export const playLegend =
  'Success in percent, of all tasks and of each family; score: 100 times the mean reward; turns an episode; tokens that went through the model in an episode, the context of every turn included (of a vote only its winning actions: what it took altogether is in the table of cost); valid: actions in percent.';

/** Success of every model on every set and family, with intervals. */
function successTable(results: readonly RunReportResult[]): ReportTable {
  const sets = setsOf(results);
  return {
    title: 'Success',
    columns: [
      'model',
      ...sets.flatMap(({ name, groups }) => [right(name), ...groups.map((group) => right(`${name}, ${group}`))]),
    ],
    rows: results.map((result) => [
      result.name,
      ...sets.flatMap(({ name, groups }) => {
        const summary = result.sets.find((set) => set.name === name)?.summary;
        const parts = [summary?.overall, ...groups.map((group) => summary?.groups[group])];
        return parts.map((part) => part?.figures.correct ?? null);
      }),
    ]),
    caption: 'Means with 95 % bootstrap intervals over tasks.',
  };
}

const behaviour = ['validActionRate', 'policyTokens', 'totalTokens'] as const;

function behaviourTable(results: readonly RunReportResult[], name: string): ReportTable {
  return {
    title: `Behaviour on ${name}`,
    columns: [
      'model',
      ...['mean reward', 'turns', 'tokens through the model'].map(right),
      ...behaviour.map((measure) => right(measureDescriptions[measure].label)),
    ],
    rows: results.map((result) => {
      const set = result.sets.find((candidate) => candidate.name === name);
      return [
        result.name,
        ...[set?.play?.score ?? null, set?.play?.steps ?? null, set?.play?.tokens ?? null],
        ...behaviour.map((measure) => set?.summary.overall.figures[measure] ?? null),
      ];
    }),
  };
}

/** What the report of a household or a shop shows. */
export function playReport(results: readonly RunReportResult[]): { tables: ReportTable[]; bars: ReportBars[] } {
  const sets = setsOf(results);
  return {
    tables: [successTable(results), ...sets.map(({ name }) => behaviourTable(results, name))],
    bars: sets.map(({ name, groups }) => ({
      title: `Success on ${name}`,
      categories: ['all', ...groups],
      series: results.map((result) => {
        const summary = result.sets.find((set) => set.name === name)?.summary;
        const parts = [summary?.overall, ...groups.map((group) => summary?.groups[group])];
        return { name: result.name, values: parts.map((part) => part?.figures.correct ?? null) };
      }),
      max: 1,
    })),
  };
}
