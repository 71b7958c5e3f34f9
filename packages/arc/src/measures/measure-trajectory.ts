import { type Action, exactMatch, supportingTitles, type Trajectory } from '@dgpo/trajectory';
import { containsAnswer, searchableAnswers } from '../metrics/contains-answer.js';
import { coverExactMatch } from '../metrics/cover-exact-match.js';
import { passageTitle, titleKey } from '../metrics/passage-title.js';
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
  const searches = actions.filter((action) => action.kind === 'search' && action.executed);
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
    queries: searches.map((action) => action.query ?? ''),
    exactMatch: hasGold ? Number(exactMatch(outcome.answer, goldenAnswers)) : null,
    coverExactMatch: hasGold ? Number(coverExactMatch(outcome.answer, goldenAnswers)) : null,
    f1: hasGold ? tokenF1(outcome.answer, goldenAnswers) : null,
    correct: Number(outcome.correct),
    answered: Number(outcome.answer !== null),
    executedSearches: searches.length,
    validActionRate: actions.length === 0 ? null : valid / actions.length,
    ...measureRetrieval(trajectory, searches),
    policyTokens: countTokens(segments.filter((segment) => segment.kind === 'policy')),
    totalTokens: countTokens(segments),
  };
}

type RetrievalMeasures = Pick<
  MeasureValues,
  'firstQueryAnswerHit' | 'anyQueryAnswerHit' | 'firstQueryTitleHit' | 'anyQueryTitleHit' | 'titleRecall'
>;

function measureRetrieval({ task }: Trajectory, searches: readonly Action[]): RetrievalMeasures {
  const answers = searchableAnswers(task.goldenAnswers);
  const wanted = new Set(supportingTitles(task).map(titleKey));
  const passages = searches.map((action) => action.documents?.map(({ document }) => document.contents));
  const known = passages.filter((found) => found !== undefined);
  const first = passages[0];

  const answerHits = known.map((found) => answers.length > 0 && containsAnswer(found, answers));
  const titles = known.map((found) => found.map((contents) => titleKey(passageTitle(contents))));
  const supporting = new Set(titles.flat().filter((title) => wanted.has(title)));
  const isFirstKnown = searches.length === 0 || first !== undefined;
  // What the known passages show counts; that they lack something shows nothing if others are unknown.
  const areAllKnown = known.length === passages.length;
  const settle = (isHit: boolean, isKnown: boolean) => (isHit ? 1 : isKnown ? 0 : null);
  return {
    firstQueryAnswerHit: answers.length > 0 && isFirstKnown ? Number(answerHits[0] ?? false) : null,
    anyQueryAnswerHit: answers.length > 0 ? settle(answerHits.includes(true), areAllKnown) : null,
    firstQueryTitleHit:
      wanted.size > 0 && isFirstKnown ? Number(titles[0]?.some((title) => wanted.has(title)) ?? false) : null,
    anyQueryTitleHit: wanted.size > 0 ? settle(supporting.size > 0, areAllKnown) : null,
    titleRecall: wanted.size > 0 && areAllKnown ? supporting.size / wanted.size : null,
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
