import { type ReportTable, type TableColumn, type TableOptions, typeOf } from '@dgpo/arc';
import { type HintReport, type HintSummary, summarizeHintEpisodes } from '@dgpo/distill/hints';
import type { Task } from '@dgpo/trajectory';
import type { ModelEvaluation } from '../evaluate/evaluate-model.js';

/** A model with what it did on every set; a `ModelEvaluation` with a name is one. */
export interface PlayedModel {
  name: string;
  sets: readonly { name: string; play?: HintReport }[];
}

/** An evaluation in which the tokens of an episode are also those that choosing its hints took, by set and task. */
export function withRetrievalTokens(
  { sets }: ModelEvaluation,
  tokens: ReadonlyMap<string, ReadonlyMap<string, number>>,
): ModelEvaluation {
  return {
    sets: sets.map((set) => {
      const own = tokens.get(set.name);
      if (own === undefined || own.size === 0) return set;
      const retrievalTokens = ({ task }: { task: { id: string } }) => own.get(task.id) ?? 0;
      const { trajectories } = set;
      const categoryOf = ({ task }: { task: Task }) => typeOf(task);
      return { ...set, play: summarizeHintEpisodes({ trajectories, retrievalTokens, categoryOf }) };
    }),
  };
}

const setNames = (results: readonly PlayedModel[]) => [
  ...new Set(results.flatMap(({ sets }) => sets.map(({ name }) => name))),
];

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
function rowsOf(results: readonly PlayedModel[], set: string): string[][] {
  const own = results.flatMap(({ name, sets }) => {
    const play = sets.find((one) => one.name === set)?.play;
    return play === undefined ? [] : [{ name, play }];
  });
  const families = [...new Set(own.flatMap(({ play }) => play.categories.map(({ category }) => category)))].sort();
  return [
    ...own.map(({ name, play }) => row(set, 'all', name, play)),
    ...families.flatMap((family) =>
      own.flatMap(({ name, play }) => {
        const found = play.categories.find(({ category }) => category === family);
        return found === undefined ? [] : [row(set, family, name, found)];
      }),
    ),
  ];
}

/** Success, score, steps, tokens and invalid actions of every model on every set, by family of tasks too; for a terminal. */
export function hintTable(results: readonly PlayedModel[]): TableOptions {
  return { columns, rows: setNames(results).flatMap((name) => rowsOf(results, name)) };
}

/** What the columns mean, in one sentence. */
export const hintLegend =
  'Score: 100 times the mean reward; steps: turns of an episode; tokens: what went through the model in an episode, the whole context at every turn, and what choosing its hints took; invalid: episodes with an action that could not be read or carried out.';

/** {@link hintTable} for the report, a table a set. */
export function hintReportTables(results: readonly PlayedModel[]): ReportTable[] {
  return setNames(results).map((name) => ({
    title: `Success and cost on ${name}`,
    columns: columns.slice(1),
    rows: rowsOf(results, name).map((cells) => cells.slice(1)),
    caption: hintLegend,
  }));
}
