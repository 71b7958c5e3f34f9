import { gemm, gemmScratchBytes } from './gemm.as';
import { exp4, floatAt, logarithm, maxLanes, put, sumLanes, take } from './math.as';

/** Queries handled at one time: later keys within a block are masked, blocks of later keys are never computed. */
const QUERIES: i32 = 32;

/** Turns `visible` scores into probabilities of scores·scale and the rest of the row into 0. Returns log Σ exp. */
export function softmaxRow(row: usize, visible: i32, width: i32, scale: f32): f32 {
  const scales = f32x4.splat(scale);
  let tops = f32x4.splat(-Infinity);
  for (let i = 0; i < visible; i += 4) {
    const scaled = f32x4.mul(take(floatAt(row, i), visible - i), scales);
    put(floatAt(row, i), visible - i, scaled);
    tops = f32x4.max(tops, take(floatAt(row, i), visible - i, -Infinity));
  }
  const top = maxLanes(tops);
  tops = f32x4.splat(top);
  let sums = f32x4.splat(0);
  for (let i = 0; i < visible; i += 4) {
    const e = exp4(f32x4.sub(take(floatAt(row, i), visible - i, -Infinity), tops));
    put(floatAt(row, i), visible - i, e);
    sums = f32x4.add(sums, e);
  }
  const sum = sumLanes(sums);
  const inverse = f32x4.splat(1 / sum);
  for (let i = 0; i < visible; i += 4) {
    put(floatAt(row, i), visible - i, f32x4.mul(take(floatAt(row, i), visible - i), inverse));
  }
  memory.fill(floatAt(row, visible), 0, <usize>(width - visible) << 2);
  return top + <f32>logarithm(<f64>sum);
}

function zeroRows(rows: i32, width: i32, x: usize, xRow: i32): void {
  for (let r = 0; r < rows; r++) memory.fill(floatAt(x, r * xRow), 0, <usize>width << 2);
}

export function attentionScratchBytes(time: i32, headDim: i32): i32 {
  return QUERIES * time * 4 + max(gemmScratchBytes(QUERIES, time, headDim), gemmScratchBytes(QUERIES, headDim, time));
}

export function attention(
  batch: i32, time: i32, heads: i32, kvHeads: i32, headDim: i32,
  q: usize, qRow: i32, k: usize, kRow: i32, v: usize, vRow: i32, lengths: usize, scale: f32,
  out: usize, outRow: i32, logSumExp: usize, scratch: usize,
): void {
  const scores = scratch;
  const rest = floatAt(scratch, QUERIES * time);
  for (let b = 0; b < batch; b++) {
    const first = b * time;
    const length = load<i32>(floatAt(lengths, b));
    zeroRows(time - length, heads * headDim, floatAt(out, (first + length) * outRow), outRow);
    for (let h = 0; h < heads; h++) {
      const shared = (h * kvHeads) / heads;
      const keys = floatAt(k, first * kRow + shared * headDim);
      const values = floatAt(v, first * vRow + shared * headDim);
      const sums = floatAt(logSumExp, (b * heads + h) * time);
      memory.fill(floatAt(sums, length), 0, <usize>(time - length) << 2);
      for (let start = 0; start < length; start += QUERIES) {
        const rows = min(QUERIES, length - start);
        const visible = start + rows;
        const queries = floatAt(q, (first + start) * qRow + h * headDim);
        const target = floatAt(out, (first + start) * outRow + h * headDim);
        gemm(rows, visible, headDim, queries, qRow, 1, keys, 1, kRow, scores, visible, 0, 0, rest);
        for (let r = 0; r < rows; r++) {
          store<f32>(floatAt(sums, start + r), softmaxRow(floatAt(scores, r * visible), start + r + 1, visible, scale));
        }
        gemm(rows, headDim, visible, scores, visible, 1, values, vRow, 1, target, outRow, 0, 0, rest);
      }
    }
  }
}

export function attentionGradientScratchBytes(time: i32, headDim: i32): i32 {
  const bytes = max(gemmScratchBytes(QUERIES, time, headDim), gemmScratchBytes(QUERIES, headDim, time));
  return 2 * QUERIES * time * 4 + max(bytes, gemmScratchBytes(time, headDim, QUERIES));
}

/** From raw scores and dP of one query: the probabilities and dS = P · (dP − Σ dOut·out) · scale. */
function softmaxRowGradient(
  row: usize, dRow: usize, visible: i32, width: i32, scale: f32, logSumExp: f32,
  headDim: i32, out: usize, dOut: usize,
): void {
  let products = f32x4.splat(0);
  for (let d = 0; d < headDim; d += 4) {
    products = f32x4.add(products, f32x4.mul(take(floatAt(out, d), headDim - d), take(floatAt(dOut, d), headDim - d)));
  }
  const inner = f32x4.splat(sumLanes(products));
  const sums = f32x4.splat(logSumExp);
  const scales = f32x4.splat(scale);
  for (let i = 0; i < visible; i += 4) {
    const left = visible - i;
    const p = exp4(f32x4.sub(f32x4.mul(take(floatAt(row, i), left), scales), sums));
    const slope = f32x4.mul(f32x4.mul(p, f32x4.sub(take(floatAt(dRow, i), left), inner)), scales);
    put(floatAt(row, i), left, p);
    put(floatAt(dRow, i), left, slope);
  }
  memory.fill(floatAt(row, visible), 0, <usize>(width - visible) << 2);
  memory.fill(floatAt(dRow, visible), 0, <usize>(width - visible) << 2);
}

/** Recomputes the probabilities block by block from logSumExp, as Dao et al., "FlashAttention" (2022), appendix B.2. */
export function attentionGradient(
  batch: i32, time: i32, heads: i32, kvHeads: i32, headDim: i32,
  q: usize, qRow: i32, k: usize, kRow: i32, v: usize, vRow: i32, lengths: usize, scale: f32,
  out: usize, outRow: i32, logSumExp: usize, dOut: usize, dOutRow: i32,
  dq: usize, dqRow: i32, dk: usize, dkRow: i32, dv: usize, dvRow: i32, scratch: usize,
): void {
  const scores = scratch;
  const dScores = floatAt(scratch, QUERIES * time);
  const rest = floatAt(scratch, 2 * QUERIES * time);
  for (let b = 0; b < batch; b++) {
    const first = b * time;
    const length = load<i32>(floatAt(lengths, b));
    zeroRows(time - length, heads * headDim, floatAt(dq, (first + length) * dqRow), dqRow);
    zeroRows(time, kvHeads * headDim, floatAt(dk, first * dkRow), dkRow);
    zeroRows(time, kvHeads * headDim, floatAt(dv, first * dvRow), dvRow);
    for (let h = 0; h < heads; h++) {
      const shared = (h * kvHeads) / heads;
      const keys = floatAt(k, first * kRow + shared * headDim);
      const values = floatAt(v, first * vRow + shared * headDim);
      const dKeys = floatAt(dk, first * dkRow + shared * headDim);
      const dValues = floatAt(dv, first * dvRow + shared * headDim);
      const sums = floatAt(logSumExp, (b * heads + h) * time);
      for (let start = 0; start < length; start += QUERIES) {
        const rows = min(QUERIES, length - start);
        const visible = start + rows;
        const queries = floatAt(q, (first + start) * qRow + h * headDim);
        const upstream = floatAt(dOut, (first + start) * dOutRow + h * headDim);
        const result = floatAt(out, (first + start) * outRow + h * headDim);
        const dQueries = floatAt(dq, (first + start) * dqRow + h * headDim);
        gemm(rows, visible, headDim, queries, qRow, 1, keys, 1, kRow, scores, visible, 0, 0, rest);
        gemm(rows, visible, headDim, upstream, dOutRow, 1, values, 1, vRow, dScores, visible, 0, 0, rest);
        for (let r = 0; r < rows; r++) {
          softmaxRowGradient(
            floatAt(scores, r * visible), floatAt(dScores, r * visible), start + r + 1, visible, scale,
            load<f32>(floatAt(sums, start + r)), headDim, floatAt(result, r * outRow), floatAt(upstream, r * dOutRow),
          );
        }
        gemm(rows, headDim, visible, dScores, visible, 1, keys, kRow, 1, dQueries, dqRow, 0, 0, rest);
        gemm(visible, headDim, rows, dScores, 1, visible, queries, qRow, 1, dKeys, dkRow, 0, 1, rest);
        gemm(visible, headDim, rows, scores, 1, visible, upstream, dOutRow, 1, dValues, dvRow, 0, 1, rest);
      }
    }
  }
}
