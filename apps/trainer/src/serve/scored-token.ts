/** A token with its log-probability under the model's own distribution (temperature 1, nothing cut off), in nats. */
export interface ScoredToken {
  id: number;
  logProb: number;
  /** 1 for the most probable; known where alternatives were asked for. */
  rank?: number;
  /** The most probable tokens, best first. */
  top: { id: number; logProb: number }[];
}

/** Reads the log-probability of a token and the `count` best ones off a row of logits. */
export function scoreLogits(logits: Float32Array, id: number, count: number): ScoredToken {
  const chosen = logits[id] as number;
  let peak = Number.NEGATIVE_INFINITY;
  for (const logit of logits) if (logit > peak) peak = logit;
  let total = 0;
  let above = 0;
  const best: { id: number; logit: number }[] = [];
  for (let other = 0; other < logits.length; other++) {
    const logit = logits[other] as number;
    total += Math.exp(logit - peak);
    if (logit > chosen) above += 1;
    if (best.length === count && (count === 0 || logit <= (best[count - 1] as { logit: number }).logit)) continue;
    // Few are kept, so their place is found from the end; equal ones stay in the order of their ids.
    let place = best.length;
    while (place > 0 && (best[place - 1] as { logit: number }).logit < logit) place -= 1;
    best.splice(place, 0, { id: other, logit });
    best.length = Math.min(best.length, count);
  }
  const logSum = peak + Math.log(total);
  return {
    id,
    logProb: chosen - logSum,
    rank: above + 1,
    top: best.map((one) => ({ id: one.id, logProb: one.logit - logSum })),
  };
}
