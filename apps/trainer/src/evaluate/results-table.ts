import type { Figure, ReadingScore, ScoreGroup, ScoreSummary, TableOptions } from '@dgpo/arc';
import type { HintReport } from '@dgpo/distill/hints';

/** One set of questions in a report; a `SetEvaluation` is one. */
export interface RunReportSet {
  name: string;
  summary: Pick<ScoreSummary, 'overall' | 'groups'>;
  /** What guessing would score. */
  baseline?: { exactMatch: number };
  /** Of a household or a shop. */
  play?: Pick<HintReport, 'score' | 'steps' | 'tokens'>;
  arc?: Record<'sourceReferencing' | 'thinking', Pick<ReadingScore, 'exactMatch'>>;
}

/** One model in a report; a `ModelEvaluation` with a name is one. */
export interface RunReportResult {
  name: string;
  sets: readonly RunReportSet[];
  /** Time of its training. */
  seconds?: number;
}

/** The mean of figures, weighted by how much each was measured; NaN when none was. */
export function pooledMean(figures: readonly (Figure | undefined)[]): number {
  const measured = figures.filter((figure) => figure !== undefined && figure.count > 0) as Figure[];
  const count = measured.reduce((sum, figure) => sum + figure.count, 0);
  return measured.reduce((sum, figure) => sum + figure.mean * figure.count, 0) / count;
}

const percent = (share: number) => (Number.isFinite(share) ? (100 * share).toFixed(1) : '–');
const fixed = (value: number) => (Number.isFinite(value) ? value.toFixed(2) : '–');

/** Names of all sets, and of all groups of each, in the order in which they first occur. */
export function setsOf(results: readonly RunReportResult[]): { name: string; groups: string[] }[] {
  const names = [...new Set(results.flatMap(({ sets }) => sets.map(({ name }) => name)))];
  return names.map((name) => {
    const groups = results.flatMap(({ sets }) =>
      sets.filter((set) => set.name === name).flatMap(({ summary }) => Object.keys(summary.groups)),
    );
    return { name, groups: [...new Set(groups)] };
  });
}

/**
 * Models down; across, for a terminal: exact match in percent of each set and of its groups (hops), then over all sets together the
 * ARC components, executed searches per question, valid actions, and seconds where they are known.
 */
export function resultsTable(results: readonly RunReportResult[]): TableOptions {
  const sets = setsOf(results);
  const hasSeconds = results.some(({ seconds }) => seconds !== undefined);
  const hasReading = results.some((result) => result.sets.some(({ arc }) => arc !== undefined));
  const headers = [
    ...sets.flatMap(({ name, groups }) => [name, ...groups.map((group) => `· ${group}`)]),
    ...(hasReading ? ['reads', 'thinks'] : []),
    'rewrites',
    'searches',
    'valid',
    ...(hasSeconds ? ['seconds'] : []),
  ];
  const rows = results.map((result) => {
    const pooled = (pick: (group: ScoreGroup) => Figure) =>
      pooledMean(result.sets.map(({ summary }) => pick(summary.overall)));
    const reading = (component: 'sourceReferencing' | 'thinking') =>
      percent(pooledMean(result.sets.map(({ arc }) => arc?.[component].exactMatch)));
    return [
      result.name,
      ...sets.flatMap(({ name, groups }) => {
        const summary = result.sets.find((set) => set.name === name)?.summary;
        const parts = [summary?.overall, ...groups.map((group) => summary?.groups[group])];
        return parts.map((part) => percent(part?.figures.exactMatch.mean ?? Number.NaN));
      }),
      ...(hasReading ? [reading('sourceReferencing'), reading('thinking')] : []),
      percent(pooled(({ figures }) => figures.firstQueryAnswerHit)),
      fixed(pooled(({ figures }) => figures.executedSearches)),
      percent(pooled(({ figures }) => figures.validActionRate)),
      ...(hasSeconds ? [result.seconds === undefined ? '–' : result.seconds.toFixed(0)] : []),
    ];
  });
  return { columns: ['model', ...headers.map((header) => ({ header, align: 'right' as const }))], rows };
}

/** What the columns of {@link resultsTable} mean, in one sentence. */
export const resultsLegend =
  'Exact match in percent; reads: every passage found is the right one, answer at once; thinks: the same, reasoning first; rewrites: the first query finds a golden answer; searches per question; valid: actions in percent.';
