import type { ReportTable, TableColumn, TableOptions } from '@dgpo/arc';
import { type HintReport, type HintSummary, summarizeHintEpisodes } from '@dgpo/distill/hints';
import type { Trajectory } from '@dgpo/trajectory';

/** Episodes of a model on a set. */
export interface PlayedSet {
  model: string;
  set: string;
  trajectories: readonly Trajectory[];
  /** Tokens that retrieval took, by the id of the task. @default none */
  retrievalTokens?: ReadonlyMap<string, number>;
}

/** What came of them. */
export interface SummarizedSet {
  model: string;
  set: string;
  report: HintReport;
}

/** Success, score, steps, tokens and invalid actions of every model on every set, by family of tasks too. */
export function summarizeSets(played: readonly PlayedSet[]): SummarizedSet[] {
  return played.map(({ model, set, trajectories, retrievalTokens }) => ({
    model,
    set,
    report: summarizeHintEpisodes({
      trajectories,
      retrievalTokens: ({ task }) => retrievalTokens?.get(task.id) ?? 0,
    }),
  }));
}

/** Reports by model and set, for machines. */
export function reportsByModel(sets: readonly SummarizedSet[]): Record<string, Record<string, HintReport>> {
  const byModel: Record<string, Record<string, HintReport>> = {};
  for (const { model, set, report } of sets) byModel[model] = { ...byModel[model], [set]: report };
  return byModel;
}

const right = (header: string): TableColumn => ({ header, align: 'right' });

const columns: (string | TableColumn)[] = [
  'set',
  'tasks',
  'model',
  ...['episodes', 'success %', 'score', 'steps', 'tokens', 'invalid %'].map(right),
];

function row(set: string, family: string, model: string, summary: HintSummary): string[] {
  const { episodes, invalid, score, steps, success, tokens } = summary;
  return [
    ...[set, family, model, String(episodes), (100 * success).toFixed(1), (100 * score).toFixed(1)],
    ...[steps.toFixed(1), tokens.toFixed(0), (100 * invalid).toFixed(1)],
  ];
}

/** Rows of one set: all tasks, then each family, model under model. */
function rowsOf(sets: readonly SummarizedSet[], set: string): string[][] {
  const own = sets.filter((one) => one.set === set);
  const families = [...new Set(own.flatMap(({ report }) => report.categories.map(({ category }) => category)))].sort();
  return [
    ...own.map(({ model, report }) => row(set, 'all', model, report)),
    ...families.flatMap((family) =>
      own.flatMap(({ model, report }) => {
        const found = report.categories.find(({ category }) => category === family);
        return found === undefined ? [] : [row(set, family, model, found)];
      }),
    ),
  ];
}

const names = (sets: readonly SummarizedSet[]) => [...new Set(sets.map(({ set }) => set))];

/** For a terminal. */
export function hintTable(sets: readonly SummarizedSet[]): TableOptions {
  return { columns, rows: names(sets).flatMap((set) => rowsOf(sets, set)) };
}

/** What the columns mean, in one sentence. */
export const hintLegend =
  'Score: 100 times the mean reward; steps: turns of an episode; tokens: what went through the model in an episode, the whole context at every turn, and what choosing its hints took; invalid: episodes with an action that could not be read or carried out.';

/** For the report, a table a set. */
export function hintReportTables(sets: readonly SummarizedSet[]): ReportTable[] {
  return names(sets).map((set) => ({
    title: `Success and cost on ${set}`,
    columns: columns.slice(1),
    rows: rowsOf(sets, set).map((cells) => cells.slice(1)),
    caption: hintLegend,
  }));
}
