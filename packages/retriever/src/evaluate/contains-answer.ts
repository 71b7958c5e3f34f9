import { normalizeAnswer } from '@dgpo/trajectory';

/** Answers whose presence in a passage says nothing. */
const unsearchable = new Set(['', 'yes', 'no', 'noanswer']);

/** The normalised golden answers that a passage could hold: not yes, not no, not empty. */
export function searchableAnswers(goldenAnswers: readonly string[]): string[] {
  return [...new Set(goldenAnswers.map(normalizeAnswer))].filter((answer) => !unsearchable.has(answer));
}

/**
 * True when the passage holds one of the answers as whole words, both normalised as SQuAD does (lower case, no punctuation, no
 * articles). Source: string matching of DPR's `has_answer` (facebookresearch/DPR, `dpr/data/qa_validation.py`).
 *
 * @param searchable Answers from {@link searchableAnswers}.
 */
export function containsAnswer(passage: string, searchable: readonly string[]): boolean {
  if (searchable.length === 0) return false;
  const padded = ` ${normalizeAnswer(passage)} `;
  return searchable.some((answer) => padded.includes(` ${answer} `));
}
