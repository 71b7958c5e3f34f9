/** 64 octaves below 1 with 32 steps each; what is smaller falls into the last bucket. */
const bucketCount = 64 * 32;
const counts = new Int32Array(bucketCount);
const sums = new Float64Array(bucketCount);

/** Orders weights in (0, 1] without logarithms: exponent and first five bits of the mantissa, largest first. */
function bucketOf(highWord: number): number {
  return Math.min(bucketCount - 1, (0x3ff00000 - highWord) >> 15);
}

/**
 * Zeroes all but the largest weights: as many as `count`, and as few as make up `mass`, but at least one. Among equal weights those of
 * lower id are larger. Only the weights near the border are sorted.
 *
 * @param options.weights each in [0, 1]
 * @returns the sum of what is left
 */
function keepLargest(options: { weights: Float64Array; count: number; mass: number }): number {
  const { weights, count, mass } = options;
  const words = new Int32Array(weights.buffer, weights.byteOffset, 2 * weights.length);
  counts.fill(0);
  sums.fill(0);
  for (let id = 0; id < weights.length; id++) {
    const weight = weights[id] as number;
    if (weight === 0) continue;
    const bucket = bucketOf(words[2 * id + 1] as number);
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
    const bucket = bucketOf(words[2 * id + 1] as number);
    if (bucket < border) continue;
    if (bucket === border) open.push(id);
    else weights[id] = 0;
  }
  open.sort((a, b) => (weights[b] as number) - (weights[a] as number) || a - b);
  for (const id of open) {
    if (kept < count && (kept === 0 || sum < mass)) {
      sum += weights[id] as number;
      kept += 1;
    } else weights[id] = 0;
  }
  return sum;
}

/**
 * Zeroes the weights outside top-k, then top-p of what is left, then min-p.
 *
 * @param options.weights the largest is 1; overwritten
 * @param options.total their sum
 * @returns the sum of what is left
 */
export function truncate(options: {
  weights: Float64Array;
  total: number;
  topK: number;
  topP: number;
  minP: number;
}): number {
  const { weights, total, topK, topP, minP } = options;
  let sum = total;
  if (topK > 0 && topK < weights.length) sum = keepLargest({ weights, count: topK, mass: Number.POSITIVE_INFINITY });
  if (topP < 1) sum = keepLargest({ weights, count: weights.length, mass: topP * sum });
  if (minP <= 0) return sum;
  sum = 0;
  const least = Math.min(1, minP);
  for (let id = 0; id < weights.length; id++) {
    if ((weights[id] as number) < least) weights[id] = 0;
    else sum += weights[id] as number;
  }
  return sum;
}
