import { ModelError, type Random } from '@dgpo/trajectory';
import { type Weigh, weighTokens } from './token-weights.js';
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
  options: DistributionOptions & {
    random: Random;
    /** @default in plain JavaScript */
    weigh?: Weigh;
  },
): { id: number; logProb: number } {
  const { temperature, topP = 1, topK = 0, minP = 0, random, weigh = weighTokens } = options;
  const inverseTemperature = temperature === 0 ? 1 : 1 / temperature;
  const { weights, total, best } = weigh(logits, inverseTemperature);
  if (!Number.isFinite(total)) throw new ModelError('the logits are not finite: the weights of the model are damaged');
  if (temperature === 0) return { id: best, logProb: -Math.log(total) };
  const highest = logits[best] as number;
  const left =
    topP < 1 || topK > 0 || minP > 0
      ? truncate({ logits, inverseTemperature, highest, weights, total, topK, topP, minP })
      : total;
  const target = random.next() * left;
  let sum = 0;
  let chosen = best;
  for (let id = 0; id < weights.length; id++) {
    const weight = weights[id] as number;
    if (weight === 0) continue;
    sum += weight;
    chosen = id;
    if (sum > target) break;
  }
  return { id: chosen, logProb: ((logits[chosen] as number) - highest) * inverseTemperature - Math.log(left) };
}
