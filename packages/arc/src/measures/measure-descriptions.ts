import type { MeasureName } from './measure-trajectory.js';

/** How a measure is shown. */
export interface MeasureDescription {
  label: string;
  /** Whether more is better; null where neither is. */
  higherIsBetter: boolean | null;
}

/** Labels of every measure, in the order of tables. */
export const measureDescriptions: Record<MeasureName, MeasureDescription> = {
  exactMatch: { label: 'exact match', higherIsBetter: true },
  coverExactMatch: { label: 'cover exact match', higherIsBetter: true },
  f1: { label: 'token F1', higherIsBetter: true },
  correct: { label: 'correct (environment)', higherIsBetter: true },
  answered: { label: 'answered', higherIsBetter: true },
  executedSearches: { label: 'executed searches', higherIsBetter: null },
  validActionRate: { label: 'valid actions', higherIsBetter: true },
  firstQueryAnswerHit: { label: 'first query hits answer', higherIsBetter: true },
  anyQueryAnswerHit: { label: 'any query hits answer', higherIsBetter: true },
  firstQueryTitleHit: { label: 'first query hits source', higherIsBetter: true },
  anyQueryTitleHit: { label: 'any query hits source', higherIsBetter: true },
  titleRecall: { label: 'sources found', higherIsBetter: true },
  repeatedQueryRate: { label: 'repeated queries', higherIsBetter: false },
  redundantQueryRate: { label: 'redundant queries', higherIsBetter: false },
  evidenceUnused: { label: 'evidence found, not used', higherIsBetter: false },
  unsupportedAnswer: { label: 'unsupported answers', higherIsBetter: false },
  answeredWithoutSearch: { label: 'answered without search', higherIsBetter: false },
  policyTokens: { label: 'policy tokens', higherIsBetter: null },
  totalTokens: { label: 'total tokens', higherIsBetter: null },
};
