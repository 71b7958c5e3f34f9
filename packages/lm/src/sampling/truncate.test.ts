import { createRandom } from '@dgpo/trajectory';
import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { weighTokens } from './token-weights.js';
import { truncate } from './truncate.js';

/** What is kept by the plain sort, and how far the sum that ends top-p stays from its limit. */
function bySorting(logits: Float32Array, weights: Float32Array, options: { topK: number; topP: number; minP: number }) {
  const { topK, topP, minP } = options;
  let order = Array.from(logits.keys())
    .sort((a, b) => (logits[b] as number) - (logits[a] as number) || a - b)
    .slice(0, topK > 0 ? topK : logits.length);
  let margin = 1;
  if (topP < 1) {
    const mass = topP * order.reduce((sum, id) => sum + (weights[id] as number), 0);
    let sum = 0;
    let kept = 0;
    while (kept < order.length && (kept === 0 || sum < mass)) {
      sum += weights[order[kept] as number] as number;
      margin = Math.min(margin, Math.abs(sum - mass) / mass);
      kept += 1;
    }
    order = order.slice(0, kept);
  }
  return { ids: order.filter((id) => (weights[id] as number) >= minP).sort((a, b) => a - b), margin };
}

test.prop(
  [
    fc.integer({ min: 1, max: 3000 }),
    // Few steps make many ties, a wide spread leaves most tokens without weight.
    fc.constantFrom(1, 2, 8, 1e6),
    fc.constantFrom(0.1, 3, 60),
    fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 400 })),
    fc.oneof(fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true })),
    fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1, noNaN: true })),
    fc.integer(),
  ],
  { numRuns: 300 },
)('keeps what the plain sort keeps, ties by id', (size, steps, spread, topK, topP, minP, seed) => {
  const random = createRandom(seed);
  const logits = Float32Array.from({ length: size }, () => (Math.round(random.normal() * steps) / steps) * spread);
  const { weights: computed, total, best } = weighTokens(logits, 1.25);
  const weights = computed.slice();
  const { ids, margin } = bySorting(logits, weights, { topK, topP, minP });
  fc.pre(margin > 1e-9);
  const highest = logits[best] as number;
  const sum = truncate({ logits, inverseTemperature: 1.25, highest, weights, total, topK, topP, minP });
  const kept = Array.from(weights.keys()).filter((id) => (weights[id] as number) > 0);
  // Tokens whose weight is 0 in single precision are never drawn, kept or not.
  expect(kept).toEqual(ids.filter((id) => (computed[id] as number) > 0));
  expect(Math.abs(sum - kept.reduce((total, id) => total + (weights[id] as number), 0))).toBeLessThan(1e-6 * sum);
});
