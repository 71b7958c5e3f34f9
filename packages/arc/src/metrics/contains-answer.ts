import { normalizeAnswer } from '@dgpo/trajectory';

/** Answers whose presence in a passage says nothing. */
const unsearchable = new Set(['', 'yes', 'no', 'noanswer']);

/** The normalised golden answers that a passage could contain: not yes, not no, not empty. */
export function searchableAnswers(goldenAnswers: readonly string[]): string[] {
  return [...new Set(goldenAnswers.map(normalizeAnswer))].filter((answer) => !unsearchable.has(answer));
}

/**
 * True when one of the passages contains one of the answers as whole words, both normalised; unlike a bare substring, "art" is not
 * found in "party". Source: `has_answer` with string matching of DPR (facebookresearch/DPR, `dpr/data/qa_validation.py`).
 *
 * @param searchable Answers from {@link searchableAnswers}.
 */
export function containsAnswer(passages: readonly string[], searchable: readonly string[]): boolean {
  if (searchable.length === 0) return false;
  return passages.some((passage) => {
    const padded = ` ${normalizeAnswer(passage)} `;
    return searchable.some((answer) => padded.includes(` ${answer} `));
  });
}
