import { normalizeAnswer } from '@dgpo/trajectory';

/**
 * True when the normalised prediction contains a normalised golden answer anywhere, even inside a word: the sub-EM of Search-R1
 * (`subem_check` in `qa_em.py`) and the `acc` of FlashRAG. A golden answer that normalises to nothing matches only a prediction
 * that does so too; null never matches.
 */
export function coverExactMatch(prediction: string | null, goldenAnswers: readonly string[]): boolean {
  if (prediction === null) return false;
  const normalized = normalizeAnswer(prediction);
  return goldenAnswers.some((answer) => {
    const golden = normalizeAnswer(answer);
    return golden === '' ? normalized === '' : normalized.includes(golden);
  });
}
