import {
  type Action,
  ModelError,
  type RetrievedDocument,
  RetrieverError,
  supportingTitles,
  type Task,
} from '@dgpo/trajectory';
import { type EpisodeMeasures, measureTrajectory } from '../measures/measure-trajectory.js';
import { searchableAnswers } from '../metrics/contains-answer.js';
import { type BootstrapOptions, bootstrapFigures } from '../statistics/bootstrap-figures.js';
import { emptyFigure, type Figure } from '../statistics/figure.js';

/** One question for which a query is wanted. */
export interface QueryRequest {
  question: string;
  /** What was searched before, with the contents of what came back; empty for the first query. */
  searches: { query: string; passages: string[] }[];
}

/**
 * What is asked of a model: the next query for each request, in order; an empty string where it wants none, null where it could not be
 * asked (such a task is counted and left out).
 */
export type QueryFrom = (requests: readonly QueryRequest[]) => Promise<(string | null)[]>;

/** What is asked of a retriever: the passages of each query, best first. */
export type SearchFrom = (queries: readonly string[]) => Promise<RetrievedDocument[][]>;

export interface QueryRewritingOptions extends BootstrapOptions {
  tasks: readonly Task[];
  queryFrom: QueryFrom;
  searchFrom: SearchFrom;
  /** Queries a question at most. @default 4 */
  maxSearches?: number;
}

const hitNames = [
  'firstQueryAnswerHit',
  'anyQueryAnswerHit',
  'firstQueryTitleHit',
  'anyQueryTitleHit',
  'titleRecall',
  'executedSearches',
] as const;

/** The queries for one task and what they found; null as in `EpisodeMeasures`. */
export interface QueryRewritingEpisode
  extends Pick<EpisodeMeasures, 'taskId' | 'question' | 'queries' | (typeof hitNames)[number]> {}

export interface QueryRewritingScore extends Record<(typeof hitNames)[number], Figure> {
  /** Tasks left out because neither golden answers nor titles can be looked for (yes and no without supporting titles). */
  skippedTasks: number;
  /** Tasks left out because the model could not be asked. */
  failedTasks: number;
  episodes: QueryRewritingEpisode[];
}

/**
 * The ARC component query rewriting: the model turns questions into queries, and a hit is a retrieved passage with a golden answer as
 * whole words, or with a supporting title (DGPO, arXiv 2508.20324, table 3). The first query is the paper's measure; any query is over up to
 * `maxSearches`, each written with what the earlier ones found. A model that writes no query hits nothing.
 *
 * @throws ModelError, RetrieverError if the number of queries or results differs; whatever the two functions throw; RangeError if an
 *   option makes no sense.
 */
export async function queryRewriting(options: QueryRewritingOptions): Promise<QueryRewritingScore> {
  const { tasks, queryFrom, searchFrom, maxSearches = 4, ...bootstrap } = options;
  if (!Number.isInteger(maxSearches) || maxSearches < 1) {
    throw new RangeError(`maxSearches must be a whole number of at least 1, not ${maxSearches}`);
  }
  const rows = tasks
    .filter((task) => searchableAnswers(task.goldenAnswers).length > 0 || supportingTitles(task).length > 0)
    .map((task) => ({ task, searches: [] as Search[], isFailed: false }));
  let open = rows;
  for (let turn = 0; turn < maxSearches && open.length > 0; turn++) {
    const queries = await queryFrom(open.map(requestOf));
    if (queries.length !== open.length) {
      throw new ModelError(`expected ${open.length} queries, one per request in order, got ${queries.length}`, {
        where: 'queryFrom',
      });
    }
    const asking = open.flatMap((row, index) => {
      const query = queries[index] ?? null;
      row.isFailed = query === null;
      return query === null || query.trim() === '' ? [] : [{ row, query: query.trim() }];
    });
    const results = asking.length === 0 ? [] : await searchFrom(asking.map(({ query }) => query));
    if (results.length !== asking.length) {
      throw new RetrieverError(`expected ${asking.length} lists of passages, got ${results.length}`, {
        where: 'searchFrom',
      });
    }
    for (const [index, { row, query }] of asking.entries())
      row.searches.push({ query, documents: results[index] ?? [] });
    open = asking.map(({ row }) => row);
  }

  const episodes = rows.filter(({ isFailed }) => !isFailed).map(measure);
  const figures = bootstrapFigures({
    ...bootstrap,
    columns: hitNames.map((name) => episodes.map((episode) => episode[name] ?? Number.NaN)),
  });
  return {
    ...(Object.fromEntries(hitNames.map((name, index) => [name, figures[index] ?? emptyFigure()])) as Record<
      (typeof hitNames)[number],
      Figure
    >),
    skippedTasks: tasks.length - rows.length,
    failedTasks: rows.length - episodes.length,
    episodes,
  };
}

interface Search {
  query: string;
  documents: RetrievedDocument[];
}

const requestOf = ({ task, searches }: { task: Task; searches: readonly Search[] }): QueryRequest => ({
  question: task.question,
  searches: searches.map(({ query, documents }) => ({
    query,
    passages: documents.map(({ document }) => document.contents),
  })),
});

/** Hits are counted as in logs, by the same function. */
function measure({ task, searches }: { task: Task; searches: readonly Search[] }): QueryRewritingEpisode {
  const actions = searches.map(
    ({ query, documents }, turn): Action => ({ turn, kind: 'search', text: query, query, executed: true, documents }),
  );
  const measures = measureTrajectory({
    id: task.id,
    task,
    environment: 'query-rewriting',
    sample: 0,
    segments: [],
    actions,
    outcome: { correct: false, reward: 0, answer: null, endedBy: 'turns' },
  });
  const { taskId, question, queries } = measures;
  const hits = Object.fromEntries(hitNames.map((name) => [name, measures[name]]));
  return { taskId, question, queries, ...hits } as QueryRewritingEpisode;
}
