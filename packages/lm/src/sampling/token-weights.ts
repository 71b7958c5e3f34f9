/** The distribution of one token, up to a factor. */
interface TokenWeights {
  /** exp(logit / temperature) over its maximum, `[vocabulary]`; valid until the next call. */
  weights: Float32Array;
  /** Their sum; not finite where a logit is not a number. */
  total: number;
  /** The first of the most probable tokens. */
  best: number;
}

export type Weigh = (logits: Float32Array, inverseTemperature: number) => TokenWeights;

/** Reused for every token: it has room for the largest vocabulary seen. */
let scratch = new Float32Array(0);

/** The weights in plain JavaScript. */
export const weighTokens: Weigh = (logits, inverseTemperature) => {
  const size = logits.length;
  let best = 0;
  let highest = logits[0] as number;
  for (let id = 1; id < size; id++) {
    const logit = logits[id] as number;
    if (logit > highest) {
      highest = logit;
      best = id;
    }
  }
  const peak = highest * inverseTemperature;
  if (scratch.length < size) scratch = new Float32Array(size);
  const weights = scratch.subarray(0, size);
  let total = 0;
  for (let id = 0; id < size; id++) {
    const weight = Math.exp((logits[id] as number) * inverseTemperature - peak);
    weights[id] = weight;
    total += weight;
  }
  return { weights, total, best };
};
