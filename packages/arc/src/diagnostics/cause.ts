/** Why an episode failed, in the order in which they are asked for; see {@link causeDescriptions}. */
export const causeNames = [
  'environment-error',
  'invalid-actions',
  'stopped-by-length',
  'stopped-by-turns',
  'no-answer',
  'answer-form',
  'answered-without-search',
  'evidence-not-used',
  'redundant-queries',
  'unsupported-answer',
  'evidence-not-found',
  'undecided',
] as const;

export type CauseName = (typeof causeNames)[number];

/** The one cause of a failed episode with what shows it. */
export interface Cause {
  name: CauseName;
  /** What in the episode shows it, for people. Quotes what a model wrote: escape it in pages. */
  explanation: string;
  /** The turn that shows it, from 0; null if no single one does. */
  turn: number | null;
  /** Id of the passage that shows it; null if none does. */
  passage: string | null;
}

/** How a cause is shown. */
export interface CauseDescription {
  label: string;
  /** When the decision list takes it, given that no earlier one applied. */
  rule: string;
}

/** Label and rule of every cause: together, in this order, they are the decision list. */
export const causeDescriptions: Record<CauseName, CauseDescription> = {
  'environment-error': {
    label: 'environment failed',
    rule: 'The environment broke, so the episode says nothing about the policy.',
  },
  'invalid-actions': {
    label: 'invalid actions',
    rule: 'There is no answer, and at least half of the actions are invalid.',
  },
  'stopped-by-length': { label: 'stopped by length', rule: 'There is no answer, and the context was full.' },
  'stopped-by-turns': { label: 'stopped by turns', rule: 'There is no answer, and no turns were left.' },
  'no-answer': {
    label: 'ended without answer',
    rule: 'There is no answer, though the policy ended the episode itself.',
  },
  'answer-form': {
    label: 'right words, other form',
    rule: 'The answer contains a golden one of at least four characters, or all words of one are among those of the other.',
  },
  'answered-without-search': { label: 'answered without search', rule: 'No search and no other tool was carried out.' },
  'evidence-not-used': {
    label: 'evidence not used',
    rule: 'A retrieved passage contains a golden answer and, where they are known, every supporting title was retrieved.',
  },
  'redundant-queries': {
    label: 'redundant queries',
    rule: 'At least half of the searches after the first are redundant: the query repeats an earlier one or nearly does, or no passage is new.',
  },
  'unsupported-answer': { label: 'unsupported answer', rule: 'The answer stands in none of the retrieved passages.' },
  'evidence-not-found': {
    label: 'evidence not found',
    rule: 'The answer stands in a retrieved passage, but the evidence for a golden one was never retrieved.',
  },
  undecided: {
    label: 'undecided',
    rule: 'The log does not tell: it holds no passages, or the golden answer is yes or no and no supporting titles are known.',
  },
};
