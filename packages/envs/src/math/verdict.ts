/** How an answer compares with a golden one. */
export type AnswerComparison =
  | { verdict: 'equal' | 'different' }
  /** What stands in the way of a verdict. */
  | { verdict: 'undecided'; reason: string };

export const equal: AnswerComparison = { verdict: 'equal' };
export const different: AnswerComparison = { verdict: 'different' };
export const undecided = (reason: string): AnswerComparison => ({ verdict: 'undecided', reason });

/** All must be equal; one that differs decides. */
export function every(comparisons: Iterable<AnswerComparison>): AnswerComparison {
  let result = equal;
  for (const comparison of comparisons) {
    if (comparison.verdict === 'different') return comparison;
    if (comparison.verdict === 'undecided') result = comparison;
  }
  return result;
}

/** One that is equal decides; all must differ to be different. */
export function some(comparisons: Iterable<AnswerComparison>): AnswerComparison {
  let result = different;
  for (const comparison of comparisons) {
    if (comparison.verdict === 'equal') return comparison;
    if (comparison.verdict === 'undecided') result = comparison;
  }
  return result;
}
