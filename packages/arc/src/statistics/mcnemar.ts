export interface McnemarOptions {
  /** Whether the baseline was right, one per task. */
  baseline: readonly boolean[];
  /** Whether the candidate was right on the same tasks in the same order. */
  candidate: readonly boolean[];
}

export interface McnemarResult {
  /** Tasks that only the baseline got right. */
  baselineOnly: number;
  /** Tasks that only the candidate got right. */
  candidateOnly: number;
  /** Two-sided exact p-value. 1 if the models never disagree. */
  pValue: number;
}

/**
 * McNemar's test of two models' right and wrong answers on the same tasks, in its exact form: the tasks on which they disagree are
 * Binomial(n, 1/2) under the null hypothesis, and the p-value is `min(1, 2 · P(X <= min(b, c)))` (McNemar 1947; the `exact=True`
 * of statsmodels).
 *
 * @throws RangeError if the two differ in length.
 */
export function mcnemar({ baseline, candidate }: McnemarOptions): McnemarResult {
  if (baseline.length !== candidate.length) {
    throw new RangeError(`mcnemar: ${baseline.length} baseline and ${candidate.length} candidate results`);
  }
  const baselineOnly = baseline.filter((isRight, index) => isRight && candidate[index] !== true).length;
  const candidateOnly = baseline.filter((isRight, index) => !isRight && candidate[index] === true).length;
  const tail = binomialTail(Math.min(baselineOnly, candidateOnly), baselineOnly + candidateOnly);
  return { baselineOnly, candidateOnly, pValue: Math.min(1, 2 * tail) };
}

/** P(X <= successes) for X ~ Binomial(trials, 1/2), in logarithms so that thousands of trials do not underflow early. */
function binomialTail(successes: number, trials: number): number {
  let logTerm = -trials * Math.LN2;
  let sum = Math.exp(logTerm);
  for (let k = 1; k <= successes; k++) {
    logTerm += Math.log((trials - k + 1) / k);
    sum += Math.exp(logTerm);
  }
  return sum;
}
