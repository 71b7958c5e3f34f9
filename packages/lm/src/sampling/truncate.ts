/** A step of 1/32 nat each; what is further than 64 nats below the highest falls into the last bucket. */
const bucketsPerNat = 32;
const bucketCount = 64 * bucketsPerNat;
const counts = new Int32Array(bucketCount);
const sums = new Float64Array(bucketCount);

/** Logits and what they are worth; dropped tokens weigh 0. */
interface Candidates {
  logits: Float32Array;
  inverseTemperature: number;
  /** The highest logit. */
  highest: number;
  weights: Float32Array;
}

function bucketOf({ logits, inverseTemperature, highest }: Candidates, id: number): number {
  const below = (highest - (logits[id] as number)) * inverseTemperature * bucketsPerNat;
  return below < bucketCount ? below | 0 : bucketCount - 1;
}

/**
 * Drops all but the most probable tokens: as many as `count`, and as few as weigh `mass`, but at least one. Among equal logits the lower
 * id comes first. Only the tokens near the border are sorted.
 *
 * @returns the weight of what is left
 */
function keepLargest(candidates: Candidates, { count, mass }: { count: number; mass: number }): number {
  const { logits, weights } = candidates;
  counts.fill(0);
  sums.fill(0);
  for (let id = 0; id < weights.length; id++) {
    const weight = weights[id] as number;
    if (weight === 0) continue;
    const bucket = bucketOf(candidates, id);
    counts[bucket] = (counts[bucket] as number) + 1;
    sums[bucket] = (sums[bucket] as number) + weight;
  }
  let kept = 0;
  let sum = 0;
  let border = 0;
  for (; border < bucketCount; border++) {
    const more = counts[border] as number;
    if (more > 0 && (kept + more > count || sum + (sums[border] as number) >= mass)) break;
    kept += more;
    sum += sums[border] as number;
  }
  const open: number[] = [];
  for (let id = 0; id < weights.length; id++) {
    if (weights[id] === 0) continue;
    const bucket = bucketOf(candidates, id);
    if (bucket < border) continue;
    if (bucket === border) open.push(id);
    else weights[id] = 0;
  }
  open.sort((a, b) => (logits[b] as number) - (logits[a] as number) || a - b);
  for (const id of open) {
    if (kept < count && (kept === 0 || sum < mass)) {
      sum += weights[id] as number;
      kept += 1;
    } else weights[id] = 0;
  }
  return sum;
}

/**
 * Drops the tokens outside top-k, then top-p of what is left, then min-p (Nguyen et al. 2024, arXiv 2407.01082).
 *
 * @param options.weights relative to the highest, which is 1; dropped ones become 0
 * @param options.total their sum
 * @returns the sum of what is left
 */
export function truncate(options: Candidates & { total: number; topK: number; topP: number; minP: number }): number {
  const { weights, total, topK, topP, minP } = options;
  const size = weights.length;
  let sum = total;
  if (topK > 0 && topK < size) sum = keepLargest(options, { count: topK, mass: Number.POSITIVE_INFINITY });
  if (topP < 1) sum = keepLargest(options, { count: size, mass: topP * sum });
  if (minP <= 0) return sum;
  sum = 0;
  const least = Math.min(1, minP);
  for (let id = 0; id < size; id++) {
    if ((weights[id] as number) < least) weights[id] = 0;
    else sum += weights[id] as number;
  }
  return sum;
}
