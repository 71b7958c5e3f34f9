import { exactMatch, type Trajectory } from '@dgpo/trajectory';
import { causeOf, isSearchable, isSupported } from '../diagnostics/attribute-cause.js';
import type { Cause } from '../diagnostics/cause.js';
import { type Evidence, evidenceState, findAnswer, readEvidence } from '../diagnostics/read-evidence.js';
import { redundantQueries } from '../diagnostics/redundant-queries.js';
import { coverExactMatch } from '../metrics/cover-exact-match.js';
import { titleKey } from '../metrics/passage-title.js';
import { tokenF1 } from '../metrics/token-f1.js';

/** Names of what is measured on each episode; see {@link EpisodeMeasures}. */
export const measureNames = [
  'exactMatch',
  'coverExactMatch',
  'f1',
  'correct',
  'answered',
  'executedSearches',
  'validActionRate',
  'firstQueryAnswerHit',
  'anyQueryAnswerHit',
  'firstQueryTitleHit',
  'anyQueryTitleHit',
  'titleRecall',
  'repeatedQueryRate',
  'redundantQueryRate',
  'evidenceUnused',
  'unsupportedAnswer',
  'answeredWithoutSearch',
  'policyTokens',
  'totalTokens',
] as const;

export type MeasureName = (typeof measureNames)[number];

/** What is measured on one episode. Null means not measurable, and is left out of means and counts. */
export type MeasureValues = {
  /** 1 if the answer equals a golden one; null if the task has none, as for the next two. */
  exactMatch: number | null;
  /** 1 if the answer contains a golden one. */
  coverExactMatch: number | null;
  /** Word overlap with the best golden answer. */
  f1: number | null;
  /** 1 if the environment called the episode correct. */
  correct: number | null;
  /** 1 if there is a final answer. */
  answered: number | null;
  /** Searches that were carried out, not tags that were written. */
  executedSearches: number | null;
  /** Share of actions that were not invalid; null without any action. */
  validActionRate: number | null;
  /**
   * 1 if a passage of the first executed search contains a golden answer as whole words; 0 without a search; null if no golden
   * answer can be found in text (yes, no) or the log does not hold the passages.
   */
  firstQueryAnswerHit: number | null;
  /** The same over all executed searches. */
  anyQueryAnswerHit: number | null;
  /** 1 if the first executed search returned a passage with a supporting title; 0 without a search; null without such titles. */
  firstQueryTitleHit: number | null;
  /** The same over all executed searches. */
  anyQueryTitleHit: number | null;
  /** Share of the supporting titles that all executed searches together returned. */
  titleRecall: number | null;
  /** Share of the executed searches after the first whose query, normalised, is an earlier one; null with fewer than two searches. */
  repeatedQueryRate: number | null;
  /** The same with queries that are nearly an earlier one and searches that bring no new passage. */
  redundantQueryRate: number | null;
  /** 1 if the evidence was retrieved and the episode is wrong all the same; null if it was not retrieved or that is not known. */
  evidenceUnused: number | null;
  /**
   * 1 if the answer stands in no retrieved passage as whole words; null without an answer or a search, for yes and no, and if the log
   * does not hold the passages.
   */
  unsupportedAnswer: number | null;
  /** 1 if there is an answer and no search was carried out; null without an answer and where nothing can be searched. */
  answeredWithoutSearch: number | null;
  /** Tokens that the policy sampled; null if the log keeps text alone. */
  policyTokens: number | null;
  /** Tokens of the whole episode, prompt and passages included; null if the log keeps text alone. */
  totalTokens: number | null;
};

/** The measures of one episode with what identifies it. */
export interface EpisodeMeasures extends MeasureValues {
  /** Of the trajectory. */
  id: string;
  taskId: string;
  question: string;
  environment: string;
  /** Null if the log does not name it. */
  policy: string | null;
  sample: number;
  /** The group it is summarised under, null for none. */
  group: string | null;
  answer: string | null;
  goldenAnswers: string[];
  endedBy: Trajectory['outcome']['endedBy'];
  /** The executed queries in order. */
  queries: string[];
  /** Why it failed; null if it did not, and where that cannot be asked (see `attributeCause`). */
  cause: Cause | null;
}

export interface MeasureTrajectoryOptions {
  /** Names the group of an episode; null or undefined for none. @default no groups */
  groupBy?: (trajectory: Trajectory) => string | null | undefined;
}

/** Measures one episode. Reads the structured actions and outcome only, never tags in the text. */
export function measureTrajectory(trajectory: Trajectory, options: MeasureTrajectoryOptions = {}): EpisodeMeasures {
  const { task, outcome, actions, segments } = trajectory;
  const { goldenAnswers } = task;
  const hasGold = goldenAnswers.length > 0;
  const evidence = readEvidence(trajectory);
  const { searches } = evidence;
  const valid = actions.filter((action) => action.kind !== 'invalid').length;
  return {
    id: trajectory.id,
    taskId: task.id,
    question: task.question,
    environment: trajectory.environment,
    policy: trajectory.policy ?? null,
    sample: trajectory.sample,
    group: options.groupBy?.(trajectory) ?? null,
    answer: outcome.answer,
    goldenAnswers,
    endedBy: outcome.endedBy,
    cause: causeOf(trajectory, evidence),
    queries: searches.map(({ query }) => query),
    exactMatch: hasGold ? Number(exactMatch(outcome.answer, goldenAnswers)) : null,
    coverExactMatch: hasGold ? Number(coverExactMatch(outcome.answer, goldenAnswers)) : null,
    f1: hasGold ? tokenF1(outcome.answer, goldenAnswers) : null,
    correct: Number(outcome.correct),
    answered: Number(outcome.answer !== null),
    executedSearches: searches.length,
    validActionRate: actions.length === 0 ? null : valid / actions.length,
    ...measureRetrieval(evidence),
    ...diagnose(trajectory, evidence),
    policyTokens: countTokens(segments.filter((segment) => segment.kind === 'policy')),
    totalTokens: countTokens(segments),
  };
}

type RetrievalMeasures = Pick<
  MeasureValues,
  'firstQueryAnswerHit' | 'anyQueryAnswerHit' | 'firstQueryTitleHit' | 'anyQueryTitleHit' | 'titleRecall'
>;

function measureRetrieval({ searches, answers, titles, foundTitles, areAllKnown }: Evidence): RetrievalMeasures {
  const [first] = searches;
  const isFirstKnown = first === undefined || first.passages !== null;
  // What the known passages show counts; that they lack something shows nothing if others are unknown.
  const settle = (isHit: boolean, isKnown: boolean) => (isHit ? 1 : isKnown ? 0 : null);
  const hasTitles = titles.size > 0;
  const isFirstTitled = first?.passages?.some(({ title }) => titles.has(titleKey(title))) ?? false;
  return {
    firstQueryAnswerHit:
      answers.length > 0 && isFirstKnown ? Number(findAnswer(searches.slice(0, 1), answers) !== null) : null,
    anyQueryAnswerHit: answers.length > 0 ? settle(findAnswer(searches, answers) !== null, areAllKnown) : null,
    firstQueryTitleHit: hasTitles && isFirstKnown ? Number(isFirstTitled) : null,
    anyQueryTitleHit: hasTitles ? settle(foundTitles.size > 0, areAllKnown) : null,
    titleRecall: hasTitles && areAllKnown ? foundTitles.size / titles.size : null,
  };
}

type DiagnosticMeasures = Pick<
  MeasureValues,
  'repeatedQueryRate' | 'redundantQueryRate' | 'evidenceUnused' | 'unsupportedAnswer' | 'answeredWithoutSearch'
>;

function diagnose(trajectory: Trajectory, evidence: Evidence): DiagnosticMeasures {
  const { outcome } = trajectory;
  const redundant = redundantQueries(evidence.searches);
  const further = evidence.searches.length - 1;
  const repeated = redundant.filter(({ kind }) => kind === 'repeated').length;
  const supported = isSupported(outcome.answer, evidence);
  return {
    repeatedQueryRate: further > 0 ? repeated / further : null,
    redundantQueryRate: further > 0 ? redundant.length / further : null,
    evidenceUnused: evidenceState(evidence) === 'found' ? Number(!outcome.correct) : null,
    unsupportedAnswer: supported === null ? null : Number(!supported),
    answeredWithoutSearch:
      outcome.answer === null || !isSearchable(trajectory) ? null : Number(evidence.searches.length === 0),
  };
}

function countTokens(segments: Trajectory['segments']): number | null {
  let count = 0;
  for (const { tokenIds, text } of segments) {
    if (tokenIds === undefined && text !== '') return null;
    count += tokenIds?.length ?? 0;
  }
  return segments.length === 0 ? null : count;
}
