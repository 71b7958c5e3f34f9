import { softmaxRow } from './attention.as';
import { gemm, gemmScratchBytes } from './gemm.as';
import { floatAt } from './math.as';

export function cacheWrite(
  tokens: i32, kvHeads: i32, headDim: i32, k: usize, kRow: i32, v: usize, vRow: i32,
  slots: usize, positions: usize, keys: usize, values: usize, maxTime: i32,
): void {
  const bytes = <usize>headDim << 2;
  for (let t = 0; t < tokens; t++) {
    const slot = load<i32>(floatAt(slots, t));
    const position = load<i32>(floatAt(positions, t));
    for (let h = 0; h < kvHeads; h++) {
      const entry = <usize>((slot * kvHeads + h) * maxTime + position) * bytes;
      memory.copy(keys + entry, floatAt(k, t * kRow + h * headDim), bytes);
      memory.copy(values + entry, floatAt(v, t * vRow + h * headDim), bytes);
    }
  }
}

export function cacheAttentionScratchBytes(maxTime: i32): i32 {
  // No head dimension is named, so this is for the deepest block of gemm.
  return maxTime * 4 + max(gemmScratchBytes(1, maxTime, i32.MAX_VALUE), gemmScratchBytes(1, i32.MAX_VALUE, maxTime));
}

/** The same products, softmax and sums as `attention`, so the same bytes. */
export function cacheAttention(
  tokens: i32, heads: i32, kvHeads: i32, headDim: i32, q: usize, qRow: i32, slots: usize, positions: usize,
  keys: usize, values: usize, maxTime: i32, scale: f32, out: usize, outRow: i32, scratch: usize,
): void {
  const scores = scratch;
  const rest = floatAt(scratch, maxTime);
  for (let t = 0; t < tokens; t++) {
    const slot = load<i32>(floatAt(slots, t));
    const visible = load<i32>(floatAt(positions, t)) + 1;
    for (let h = 0; h < heads; h++) {
      const shared = (h * kvHeads) / heads;
      const entry = <usize>((slot * kvHeads + shared) * maxTime) * (<usize>headDim << 2);
      const query = floatAt(q, t * qRow + h * headDim);
      const target = floatAt(out, t * outRow + h * headDim);
      gemm(1, visible, headDim, query, headDim, 1, keys + entry, 1, headDim, scores, visible, 0, 0, rest);
      softmaxRow(scores, visible, visible, scale);
      gemm(1, headDim, visible, scores, visible, 1, values + entry, headDim, 1, target, headDim, 0, 0, rest);
    }
  }
}
