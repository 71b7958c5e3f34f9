import { DatasetError, readJsonLines } from '@dgpo/trajectory';
import { type MeasureName, measureNames } from '../measures/measure-trajectory.js';
import type { QueryRewritingScore } from './query-rewriting.js';
import type { ReadingScore } from './read-gold-passages.js';
import { fieldsOf } from './records/record-passage.js';

/** The ARC components in the order of tables. */
export const componentNames = ['sourceReferencing', 'thinking', 'queryRewriting'] as const;

export type ComponentName = (typeof componentNames)[number];

/** How people call them. */
export const componentLabels: Record<ComponentName, string> = {
  sourceReferencing: 'source referencing',
  thinking: 'thinking',
  queryRewriting: 'query rewriting',
};

/** What is measured of each component, first what it is named for. */
export const componentMeasures = {
  sourceReferencing: ['exactMatch', 'coverExactMatch', 'f1'],
  thinking: ['exactMatch', 'coverExactMatch', 'f1'],
  queryRewriting: [
    'firstQueryAnswerHit',
    'anyQueryAnswerHit',
    'firstQueryTitleHit',
    'anyQueryTitleHit',
    'titleRecall',
    'executedSearches',
  ],
} as const satisfies Record<ComponentName, readonly MeasureName[]>;

/** The scores of one model; null for a component that was not measured. */
export interface ComponentScores {
  sourceReferencing: ReadingScore | null;
  thinking: ReadingScore | null;
  queryRewriting: QueryRewritingScore | null;
}

/** One task in one component. */
export interface ComponentRow {
  component: ComponentName;
  taskId: string;
  question: string;
  /** Null where it does not apply to the task. */
  measures: Partial<Record<MeasureName, number | null>>;
  /** What the model answered, of the two that read. */
  answer?: string;
  /** What it searched for, of query rewriting. */
  queries?: string[];
}

/** The scores task by task. */
export function componentRows(scores: ComponentScores): ComponentRow[] {
  const reading = (component: 'sourceReferencing' | 'thinking') =>
    (scores[component]?.episodes ?? []).map(
      ({ taskId, question, answer, exactMatch, coverExactMatch, f1 }): ComponentRow => ({
        ...{ component, taskId, question, answer },
        measures: { exactMatch, coverExactMatch, f1 },
      }),
    );
  const searching = (scores.queryRewriting?.episodes ?? []).map(
    ({ taskId, question, queries, ...measures }): ComponentRow => ({
      ...{ component: 'queryRewriting' as const, taskId, question, queries },
      measures,
    }),
  );
  return [...reading('sourceReferencing'), ...reading('thinking'), ...searching];
}

/**
 * Reads rows that were written as JSONL, to compare with them.
 *
 * @throws DatasetError naming the row for one that is none, and for a file without any.
 */
export async function readComponentRows(path: string): Promise<ComponentRow[]> {
  const rows: ComponentRow[] = [];
  for await (const value of readJsonLines(path)) {
    const { component, taskId, question, measures } = fieldsOf(value) ?? {};
    const name = componentNames.find((known) => known === component);
    const values = fieldsOf(measures);
    if (name === undefined || typeof taskId !== 'string' || typeof question !== 'string' || values === undefined) {
      throw new DatasetError('expected component, taskId, question and measures, as in components.jsonl', {
        where: `${path} (row ${rows.length + 1})`,
      });
    }
    const known = measureNames.flatMap((measure) => {
      const number = values[measure];
      return typeof number === 'number' ? [[measure, number] as const] : [];
    });
    rows.push({ component: name, taskId, question, measures: Object.fromEntries(known) });
  }
  if (rows.length === 0) throw new DatasetError('there are no rows in this file', { where: path });
  return rows;
}
