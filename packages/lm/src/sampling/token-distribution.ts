import { ModelError, type Random } from '@dgpo/trajectory';
import { truncate } from './truncate.js';

export interface DistributionOptions {
  /** 0 chooses the most probable token. */
  temperature: number;
  /** Keeps the smallest set of tokens with at least this probability. @default 1 */
  topP?: number;
  /** Keeps this many tokens; 0 keeps all. @default 0 */
  topK?: number;
  /** Drops tokens with less than this part of the highest probability. @default 0 */
  minP?: number;
}

/** Reused for every draw: it has room for the largest vocabulary seen. */
let scratch = new Float64Array(0);

/** The first of the highest logits. */
function highest(logits: Float32Array): number {
  let best = 0;
  let peak = logits[0] as number;
  for (let id = 1; id < logits.length; id++) {
    const logit = logits[id] as number;
    if (logit > peak) {
      peak = logit;
      best = id;
    }
  }
  return best;
}

/**
 * Draws one token and its log-probability under the processed distribution: temperature, then top-k, top-p and min-p, in the order of
 * Hugging Face's `generate`. For temperature 0 the token is the first of the most probable and the log-probability that of the
 * unprocessed distribution.
 *
 * @param logits one row, `[vocabulary]`; minus infinity excludes a token
 * @throws ModelError for logits that are not numbers: the weights of the model have diverged
 */
export function sampleToken(
  logits: Float32Array,
  options: DistributionOptions & { random: Random },
): { id: number; logProb: number } {
  const { temperature, topP = 1, topK = 0, minP = 0, random } = options;
  const inverse = temperature === 0 ? 1 : 1 / temperature;
  const size = logits.length;
  const best = highest(logits);
  const peak = (logits[best] as number) * inverse;
  if (scratch.length < size) scratch = new Float64Array(size);
  const weights = scratch;
  let total = 0;
  for (let id = 0; id < size; id++) {
    const weight = Math.exp((logits[id] as number) * inverse - peak);
    weights[id] = weight;
    total += weight;
  }
  if (!Number.isFinite(total)) throw new ModelError('the logits are not finite: the weights of the model are damaged');
  if (temperature === 0) return { id: best, logProb: -Math.log(total) };
  if (topP < 1 || (topK > 0 && topK < size) || minP > 0) {
    total = truncate({ weights: weights.subarray(0, size), total, topK, topP, minP });
  }
  const target = random.next() * total;
  let sum = 0;
  let chosen = best;
  for (let id = 0; id < size; id++) {
    const weight = weights[id] as number;
    if (weight === 0) continue;
    sum += weight;
    chosen = id;
    if (sum > target) break;
  }
  return { id: chosen, logProb: Math.log((weights[chosen] as number) / total) };
}
