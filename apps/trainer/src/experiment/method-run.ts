import type { SetEvaluation } from '../evaluate/evaluate-model.js';

/** What is kept of a set of questions. */
export interface SetResult {
  name: string;
  /** One character a question in the order of the set: 1 right, 0 wrong. */
  correct: string;
  exactMatch: number;
  /** Exact match by number of hops. */
  byHops: Record<string, number>;
  validActionRate: number;
  executedSearches: number;
  firstQueryAnswerHit: number;
  sourceReferencing: number | null;
  thinking: number | null;
  meanTokens: number;
}

/** A metric of a training, thinned. */
export type Curve = [step: number, value: number][];

/** What a model does on the held-out sets. */
export interface StartRun {
  row: string;
  sets: SetResult[];
}

/** One run of one row of the table: everything that the table and its curves need. */
export interface MethodRun extends StartRun {
  method: string;
  seed: number;
  /** Of the code that made it. */
  commit: string;
  /** Keys over those of the base recipe. */
  keys: unknown;
  /** Wall time of every stage, shared ones included, in seconds. */
  stageSeconds: Record<string, number>;
  /** Tokens that the own last stage trained on. */
  trainedTokens: number;
  /** Why the last stage stopped early. */
  collapsed: string | null;
  /** Updates of the last stage. */
  steps: number;
  /** Of the last stage. */
  curves: Record<string, Curve>;
}

const policyTokens = (set: SetEvaluation) =>
  set.trajectories.map(({ segments }) =>
    segments.reduce((sum, segment) => sum + (segment.kind === 'policy' ? (segment.tokenIds?.length ?? 0) : 0), 0),
  );

/** The figures of an evaluation that a table needs. */
export function setResult(set: SetEvaluation): SetResult {
  const { figures } = set.summary.overall;
  const tokens = policyTokens(set);
  return {
    name: set.name,
    correct: set.trajectories.map(({ outcome }) => (outcome.correct ? '1' : '0')).join(''),
    exactMatch: figures.exactMatch.mean,
    byHops: Object.fromEntries(
      Object.entries(set.summary.groups).map(([name, group]) => [name, group.figures.exactMatch.mean]),
    ),
    validActionRate: figures.validActionRate.mean,
    executedSearches: figures.executedSearches.mean,
    firstQueryAnswerHit: figures.firstQueryAnswerHit.mean,
    sourceReferencing: set.arc?.sourceReferencing.exactMatch.mean ?? null,
    thinking: set.arc?.thinking.exactMatch.mean ?? null,
    meanTokens: tokens.reduce((sum, count) => sum + count, 0) / Math.max(1, tokens.length),
  };
}
