import type { Action } from '@dgpo/trajectory';

/**
 * The contract between the server of `dgpo-eval serve` and its page. Types alone: the page imports it without Node.
 *
 * All requests are `GET`. A run is named by its `id` in the query, never in the path; lists repeat a parameter
 * (`?run=a&run=b`). Errors are {@link ApiErrorReply} with the status 400 (bad request), 403 (foreign host or origin), 404
 * (unknown run, episode or page), 405 (not GET) or 500.
 *
 * | request                                   | reply                       |
 * | ----------------------------------------- | --------------------------- |
 * | `/api/runs`                               | {@link RunsReply}           |
 * | `/api/metrics?run=&points=&name=…`        | {@link MetricsReply}        |
 * | `/api/tables?run=…`                       | {@link TablesReply}         |
 * | `/api/episodes?run=&…`                    | {@link EpisodesReply}       |
 * | `/api/episode?run=&key=`                  | {@link EpisodeReply}        |
 * | `/api/same-question?run=&key=`            | {@link SameQuestionReply}   |
 * | `/api/events`                             | server-sent {@link ViewerEvent}s |
 */

/** `training`: a run directory of the trainer; `evaluation`: results with episodes; `log`: a plain trajectory file. */
export type RunKind = 'training' | 'evaluation' | 'log';

export type EndedBy = 'answer' | 'turns' | 'length' | 'error';

/** A mean with its 95 % bootstrap interval over `count` questions, as `results.json` has it. */
export interface Interval {
  mean: number;
  low: number;
  high: number;
  count: number;
}

/** One figure of a run, such as `exactMatch` of an evaluation or `reward` at the last step of a training. */
export interface RunFigure {
  /** A measure of `@dgpo/arc` or a metric of the trainer. */
  name: string;
  /** A share, a count or a mean; null where it is not finite. */
  value: number | null;
  /** Where the results hold one. */
  interval?: Interval;
}

/** How far the episodes of a run are read. `episodes` and totals are right when `isComplete`. */
export interface IndexProgress {
  bytesRead: number;
  bytesTotal: number;
  isComplete: boolean;
  /** Episodes whose cause is known, of those that failed; the causes are found after the rest. */
  causesKnown: number;
  causesTotal: number;
}

/** A line or file that could not be read; it is counted and left out. */
export interface Problem {
  /** Relative to the folder that is served. */
  file: string;
  /** From 1; null when the whole file is meant. */
  line: number | null;
  reason: string;
}

export interface RunSummary {
  /** Unique, stable over restarts: the path relative to the folder that is served, `.` for the folder itself. */
  id: string;
  /** For people; never empty. */
  name: string;
  kind: RunKind;
  /** `id` of the run directory in which this evaluation or log was made; null for none. */
  parent: string | null;
  /** Episodes that are indexed by now. */
  episodes: number;
  /** When a file of it last changed, in milliseconds since 1970. */
  updatedAt: number;
  /** At most a dozen. */
  figures: RunFigure[];
  /** Whether `/api/metrics` has series. */
  hasCurves: boolean;
  progress: IndexProgress;
  /** Lines and files that could not be read, all of them; `problems` of the episodes shows the first. */
  problemCount: number;
}

/** Parents before what was made in them, by path otherwise. */
export interface RunsReply {
  /** The folder that is served, for the title. */
  directory: string;
  runs: RunSummary[];
  /** What of the folder was not looked at. */
  problems: Problem[];
}

/** One metric of one stage over its steps; `steps` and `values` align. */
export interface MetricSeries {
  name: string;
  /** Stage of the run, such as `cold-start`. */
  stage: string;
  steps: number[];
  /** Null where the value was not finite. */
  values: (number | null)[];
  /** Points before downsampling, which keeps the extremes of every stretch, the first and the last. */
  count: number;
}

/** `points` (default 500, at most 5000) bounds each series; without `name` every metric is sent. */
export interface MetricsReply {
  run: string;
  /** All metrics of the run. */
  names: string[];
  series: MetricSeries[];
  /** The first problems. */
  problems: Problem[];
  problemCount: number;
}

export type Cell = string | number | null | Interval;

export interface Table {
  title: string;
  /** `percent` shows shares as percent, `number` has two digits, `integer` none. */
  columns: { header: string; format: 'text' | 'percent' | 'number' | 'integer' }[];
  rows: Cell[][];
  notes: string[];
}

/** Two runs on the questions that both answered; of several samples the first counts. */
export interface PairedCounts {
  first: string;
  second: string;
  sharedQuestions: number;
  bothCorrect: number;
  onlyFirstCorrect: number;
  onlySecondCorrect: number;
  neitherCorrect: number;
  /** McNemar's exact test. */
  pValue: number;
}

/** Of one run: its results. Of several (at most 8): those side by side, and each pair with the first. */
export interface TablesReply {
  runs: string[];
  tables: Table[];
  comparisons: PairedCounts[];
}

/** `order`: as the files have them. */
export type SortKey = 'order' | 'question' | 'correct' | 'reward' | 'searches' | 'tokens' | 'step';

/** The query of `/api/episodes`. All conditions hold together; those with lists hold if one of the list does. */
export interface EpisodesQuery {
  run: string;
  /** Words that question, answers, queries or id contain, all of them, in any case; "in quotes" as they stand. */
  search?: string;
  correct?: boolean;
  endedBy?: EndedBy[];
  cause?: string[];
  environment?: string[];
  /** Set of questions, such as `hotpotqa`. */
  set?: string[];
  /** Hops or type of the question. */
  group?: string[];
  /** Policy or checkpoint. */
  policy?: string[];
  stage?: string[];
  /** Of training. */
  step?: number[];
  minSearches?: number;
  maxSearches?: number;
  /** `id` of another run: only questions of which one run is right and the other wrong. */
  disagreesWith?: string;
  /** @default 'order' */
  sort?: SortKey;
  /** @default false */
  descending?: boolean;
  /** @default 0 */
  offset?: number;
  /** At most 500. @default 100 */
  limit?: number;
}

/** An episode in a list. Long texts end with `…`. */
export interface EpisodeRow {
  /** Names the episode within its run, such as `traces/dgpo-10.jsonl:3`; stable while the file only grows. */
  key: string;
  /** Id of the trajectory. */
  id: string;
  taskId: string;
  question: string;
  answer: string | null;
  goldenAnswers: string[];
  correct: boolean;
  reward: number;
  endedBy: EndedBy;
  /** Why it failed, a name of the decision list of `@dgpo/arc`; null for a correct episode and where it is not known (yet). */
  cause: string | null;
  /** Executed ones. */
  searches: number;
  /** Sampled by the policy; null where the log keeps text alone. */
  policyTokens: number | null;
  environment: string;
  set: string | null;
  group: string | null;
  policy: string | null;
  stage: string | null;
  step: number | null;
  sample: number;
}

export interface FacetValue {
  /** Of `step` in decimal. */
  value: string;
  count: number;
}

/** Values to filter by, over all episodes of the run, most frequent first (steps ascending), at most 200 each. */
export interface Facets {
  endedBy: FacetValue[];
  cause: FacetValue[];
  environment: FacetValue[];
  set: FacetValue[];
  group: FacetValue[];
  policy: FacetValue[];
  stage: FacetValue[];
  step: FacetValue[];
  /** The most searches of one episode. */
  maxSearches: number;
}

export interface EpisodesReply {
  run: string;
  /** Episodes that meet the conditions. */
  total: number;
  /** Episodes of the run. */
  episodes: number;
  offset: number;
  rows: EpisodeRow[];
  facets: Facets;
  progress: IndexProgress;
  /** The first problems. */
  problems: Problem[];
  problemCount: number;
}

export interface EpisodeToken {
  /** Null where no tokenizer of the run is at hand: show the text of the segment. */
  text: string | null;
  tokenId: number;
  /** 1: sampled by the policy. */
  mask: 0 | 1;
  /** Natural, of the sampler; null where it was not recorded, and on tokens that were given. */
  logProb: number | null;
  /**
   * log π − log π_teacher of the sampled token, in nats: the one-sample estimate of reverse KL, negative where the teacher likes the
   * token more. Null where it was not recorded.
   */
  teacherKl: number | null;
  /** Null where it was not recorded. */
  advantage: number | null;
}

export interface EpisodeSegment {
  kind: 'prompt' | 'policy' | 'observation';
  text: string;
  /** Null where the log keeps text alone. */
  tokens: EpisodeToken[] | null;
}

export interface EpisodePassage {
  id: string;
  /** Empty when the contents have no title. */
  title: string;
  text: string;
  score: number;
  /** A golden answer stands in it as whole words. */
  holdsAnswer: boolean;
  /** The data set names its title as evidence. */
  isSupporting: boolean;
}

export interface EpisodeAction extends Omit<Action, 'documents'> {
  /** Null where the log does not hold them. */
  passages: EpisodePassage[] | null;
}

export interface EpisodeFailure {
  /** As in `cause` of the row. */
  cause: string;
  /** For people. */
  label: string;
  /** One sentence on this episode. */
  explanation: string;
  /** Turn of the action that shows it, from 0; null for none. */
  turn: number | null;
  /** Id of the passage that shows it; null for none. */
  passage: string | null;
}

export interface EpisodeReply {
  run: string;
  runName: string;
  row: EpisodeRow;
  /** Whole, unlike those of the row. */
  question: string;
  answer: string | null;
  goldenAnswers: string[];
  /** What failed, with `endedBy` `error`. */
  error: string | null;
  segments: EpisodeSegment[];
  actions: EpisodeAction[];
  /** Which columns of {@link EpisodeToken} hold something. */
  recorded: { text: boolean; logProb: boolean; teacherKl: boolean; advantage: boolean };
  /** Whether the gate of this update selected the episode for guidance by the teacher; null where it was not recorded. */
  isGated: boolean | null;
  /** Why it failed, by the decision list of `@dgpo/arc`; null for a correct episode and where it cannot tell. */
  failure: EpisodeFailure | null;
  /** The measures of `@dgpo/arc`; null where an episode cannot tell. */
  measures: Record<string, number | null>;
  /** Keys of the episodes before and after it in the file. */
  previous: string | null;
  next: string | null;
}

/** Episodes on the same question, also of the run itself (other samples and steps), without the one that was asked for. */
export interface SameQuestionReply {
  taskId: string;
  question: string;
  /** At most 200, the run's own first. */
  episodes: { run: string; runName: string; row: EpisodeRow }[];
}

/**
 * `event: runs`: a run appeared, vanished or changed (fetch `/api/runs` anew); `event: run`: the files of one run changed or more of it is
 * indexed. At most a few a second; comments in between keep the connection. On a new connection `runs` comes first.
 */
export type ViewerEvent =
  | { type: 'runs' }
  | { type: 'run'; id: string; episodes: number; updatedAt: number; changed: ('metrics' | 'episodes')[] };

export interface ApiErrorReply {
  error: { message: string };
}
