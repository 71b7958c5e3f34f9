import { ModelError, type Random } from '@dgpo/trajectory';

export interface DistributionOptions {
  /** 0 chooses the most probable token. */
  temperature: number;
  /** Keeps the smallest set of tokens with at least this probability. @default 1 */
  topP?: number;
  /** Keeps this many tokens; 0 keeps all. @default 0 */
  topK?: number;
}

/**
 * Draws one token and its log-probability under the processed distribution (after temperature, top-k and top-p). For temperature 0
 * the token is the first of the most probable and the log-probability that of the unprocessed distribution.
 *
 * @param logits one row, `[vocabulary]`; minus infinity excludes a token
 * @throws ModelError for logits that are not numbers: the weights of the model have diverged
 */
export function sampleToken(
  logits: Float32Array,
  options: DistributionOptions & { random: Random },
): { id: number; logProb: number } {
  const { temperature, topP = 1, topK = 0, random } = options;
  const inverse = temperature === 0 ? 1 : 1 / temperature;
  let best = 0;
  for (let id = 1; id < logits.length; id++) if ((logits[id] as number) > (logits[best] as number)) best = id;
  const peak = (logits[best] as number) * inverse;
  const weights = new Float64Array(logits.length);
  let total = 0;
  for (let id = 0; id < logits.length; id++) {
    const weight = Math.exp((logits[id] as number) * inverse - peak);
    weights[id] = weight;
    total += weight;
  }
  if (!Number.isFinite(total)) throw new ModelError('the logits are not finite: the weights of the model are damaged');
  if (temperature === 0) return { id: best, logProb: -Math.log(total) };
  if (topP < 1 || topK > 0) total = truncate(weights, total, topP, topK);
  const target = random.next() * total;
  let sum = 0;
  let chosen = best;
  for (let id = 0; id < weights.length; id++) {
    const weight = weights[id] as number;
    if (weight === 0) continue;
    sum += weight;
    chosen = id;
    if (sum > target) break;
  }
  return { id: chosen, logProb: Math.log((weights[chosen] as number) / total) };
}

/** Zeroes the weights outside top-k and top-p; ties are kept by id. Returns what is left. */
function truncate(weights: Float64Array, total: number, topP: number, topK: number): number {
  const order = Array.from(weights.keys()).sort((a, b) => (weights[b] as number) - (weights[a] as number) || a - b);
  const most = topK > 0 ? Math.min(topK, order.length) : order.length;
  let kept = 0;
  let sum = 0;
  while (kept < most && (kept === 0 || sum < topP * total)) {
    sum += weights[order[kept] as number] as number;
    kept += 1;
  }
  for (const id of order.slice(kept)) weights[id] = 0;
  return sum;
}
