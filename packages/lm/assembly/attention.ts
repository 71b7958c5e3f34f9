import { exp1, exp4, log1 } from './exponential';
import { gemm, gemmScratchBytes } from './gemm';
import { at, sumLanes } from './memory';
import { maximum } from './softmax';

/** Queries handled at one time: later keys of a block are masked, whole blocks of later keys are never computed. */
const BLOCK: i32 = 32;

/** Turns a row of scores into probabilities; entries from `visible` on become 0. Returns `log Σ exp`. */
function softmaxRow(row: usize, visible: i32, width: i32): f32 {
  const top = maximum(visible, row);
  const tops = f32x4.splat(top);
  let sum = f32x4.splat(0);
  let i = 0;
  for (; i + 4 <= visible; i += 4) {
    const e = exp4(f32x4.sub(v128.load(at(row, i)), tops));
    v128.store(at(row, i), e);
    sum = f32x4.add(sum, e);
  }
  let total = sumLanes(sum);
  for (; i < visible; i++) {
    const e = exp1(f32.load(at(row, i)) - top);
    f32.store(at(row, i), e);
    total += e;
  }
  const inverse: f32 = 1 / total;
  const inverses = f32x4.splat(inverse);
  for (i = 0; i + 4 <= visible; i += 4) v128.store(at(row, i), f32x4.mul(v128.load(at(row, i)), inverses));
  for (; i < visible; i++) f32.store(at(row, i), f32.load(at(row, i)) * inverse);
  for (; i < width; i++) f32.store(at(row, i), 0);
  return top + <f32>log1(<f64>total);
}

function scaleRows(rows: i32, width: i32, x: usize, scale: f32): void {
  const scales = f32x4.splat(scale);
  const count = rows * width;
  let i = 0;
  for (; i + 4 <= count; i += 4) v128.store(at(x, i), f32x4.mul(v128.load(at(x, i)), scales));
  for (; i < count; i++) f32.store(at(x, i), f32.load(at(x, i)) * scale);
}

function zeroRows(rows: i32, width: i32, x: usize, xRow: i32): void {
  for (let r = 0; r < rows; r++) memory.fill(at(x, r * xRow), 0, (<usize>width) << 2);
}

export function attentionScratchBytes(time: i32, headDim: i32): i32 {
  return BLOCK * time * 4 + max(gemmScratchBytes(BLOCK, time, headDim), gemmScratchBytes(BLOCK, headDim, time));
}

export function attention(
  batch: i32,
  time: i32,
  heads: i32,
  kvHeads: i32,
  headDim: i32,
  q: usize,
  qRow: i32,
  k: usize,
  kRow: i32,
  v: usize,
  vRow: i32,
  lengths: usize,
  scale: f32,
  out: usize,
  outRow: i32,
  logSumExps: usize,
  scratch: usize,
): void {
  const scores = scratch;
  const gemmScratch = scratch + <usize>(BLOCK * time * 4);
  for (let b = 0; b < batch; b++) {
    const length = load<i32>(at(lengths, b));
    zeroRows(time - length, heads * headDim, at(out, (b * time + length) * outRow), outRow);
    for (let h = 0; h < heads; h++) {
      const shared = (h * kvHeads) / heads;
      const keys = at(k, b * time * kRow + shared * headDim);
      const values = at(v, b * time * vRow + shared * headDim);
      const sums = at(logSumExps, (b * heads + h) * time);
      memory.fill(at(sums, length), 0, (<usize>(time - length)) << 2);
      for (let start = 0; start < length; start += BLOCK) {
        const rows = min(BLOCK, length - start);
        const visible = start + rows;
        const queries = at(q, (b * time + start) * qRow + h * headDim);
        gemm(rows, visible, headDim, queries, qRow, 1, keys, 1, kRow, scores, visible, 0, 0, gemmScratch);
        scaleRows(rows, visible, scores, scale);
        for (let r = 0; r < rows; r++) {
          f32.store(at(sums, start + r), softmaxRow(at(scores, r * visible), start + r + 1, visible));
        }
        gemm(
          rows,
          headDim,
          visible,
          scores,
          visible,
          1,
          values,
          vRow,
          1,
          at(out, (b * time + start) * outRow + h * headDim),
          outRow,
          0,
          0,
          gemmScratch,
        );
      }
    }
  }
}

export function attentionGradientScratchBytes(time: i32, headDim: i32): i32 {
  const gemmBytes = max(
    max(gemmScratchBytes(BLOCK, time, headDim), gemmScratchBytes(BLOCK, headDim, time)),
    gemmScratchBytes(time, headDim, BLOCK),
  );
  return 2 * BLOCK * time * 4 + gemmBytes;
}

export function attentionGradient(
  batch: i32,
  time: i32,
  heads: i32,
  kvHeads: i32,
  headDim: i32,
  q: usize,
  qRow: i32,
  k: usize,
  kRow: i32,
  v: usize,
  vRow: i32,
  lengths: usize,
  scale: f32,
  out: usize,
  outRow: i32,
  logSumExps: usize,
  dOut: usize,
  dOutRow: i32,
  dq: usize,
  dqRow: i32,
  dk: usize,
  dkRow: i32,
  dv: usize,
  dvRow: i32,
  scratch: usize,
): void {
  const probabilities = scratch;
  const dScores = scratch + <usize>(BLOCK * time * 4);
  const gemmScratch = scratch + <usize>(2 * BLOCK * time * 4);
  for (let b = 0; b < batch; b++) {
    const length = load<i32>(at(lengths, b));
    const first = b * time;
    zeroRows(time - length, heads * headDim, at(dq, (first + length) * dqRow), dqRow);
    zeroRows(time, kvHeads * headDim, at(dk, first * dkRow), dkRow);
    zeroRows(time, kvHeads * headDim, at(dv, first * dvRow), dvRow);
    for (let h = 0; h < heads; h++) {
      const shared = (h * kvHeads) / heads;
      const keys = at(k, first * kRow + shared * headDim);
      const values = at(v, first * vRow + shared * headDim);
      const dKeys = at(dk, first * dkRow + shared * headDim);
      const dValues = at(dv, first * dvRow + shared * headDim);
      const sums = at(logSumExps, (b * heads + h) * time);
      for (let start = 0; start < length; start += BLOCK) {
        const rows = min(BLOCK, length - start);
        const visible = start + rows;
        const queries = at(q, (first + start) * qRow + h * headDim);
        const upstream = at(dOut, (first + start) * dOutRow + h * headDim);
        const result = at(out, (first + start) * outRow + h * headDim);
        gemm(rows, visible, headDim, queries, qRow, 1, keys, 1, kRow, probabilities, visible, 0, 0, gemmScratch);
        gemm(rows, visible, headDim, upstream, dOutRow, 1, values, 1, vRow, dScores, visible, 0, 0, gemmScratch);
        for (let r = 0; r < rows; r++) {
          const row = at(probabilities, r * visible);
          const dRow = at(dScores, r * visible);
          const end = start + r + 1;
          const sum = f32.load(at(sums, start + r));
          let inner: f32 = 0;
          const dOutAt = at(upstream, r * dOutRow);
          const outAt = at(result, r * outRow);
          for (let d = 0; d < headDim; d++) inner += f32.load(at(dOutAt, d)) * f32.load(at(outAt, d));
          const scales = f32x4.splat(scale);
          const lse = f32x4.splat(sum);
          const inners = f32x4.splat(inner);
          let i = 0;
          for (; i + 4 <= end; i += 4) {
            const p = exp4(f32x4.sub(f32x4.mul(v128.load(at(row, i)), scales), lse));
            v128.store(at(row, i), p);
            v128.store(at(dRow, i), f32x4.mul(f32x4.mul(p, f32x4.sub(v128.load(at(dRow, i)), inners)), scales));
          }
          for (; i < end; i++) {
            const p = exp1(f32.load(at(row, i)) * scale - sum);
            f32.store(at(row, i), p);
            f32.store(at(dRow, i), p * (f32.load(at(dRow, i)) - inner) * scale);
          }
          for (; i < visible; i++) {
            f32.store(at(row, i), 0);
            f32.store(at(dRow, i), 0);
          }
        }
        gemm(
          rows,
          headDim,
          visible,
          dScores,
          visible,
          1,
          keys,
          kRow,
          1,
          at(dq, (first + start) * dqRow + h * headDim),
          dqRow,
          0,
          0,
          gemmScratch,
        );
        gemm(visible, headDim, rows, dScores, 1, visible, queries, qRow, 1, dKeys, dkRow, 0, 1, gemmScratch);
        gemm(
          visible,
          headDim,
          rows,
          probabilities,
          1,
          visible,
          upstream,
          dOutRow,
          1,
          dValues,
          dvRow,
          0,
          1,
          gemmScratch,
        );
      }
    }
  }
}

export function cacheWrite(
  tokens: i32,
  kvHeads: i32,
  headDim: i32,
  k: usize,
  kRow: i32,
  v: usize,
  vRow: i32,
  slots: usize,
  positions: usize,
  keys: usize,
  values: usize,
  maxTime: i32,
): void {
  const bytes = (<usize>headDim) << 2;
  for (let t = 0; t < tokens; t++) {
    const slot = load<i32>(at(slots, t));
    const position = load<i32>(at(positions, t));
    for (let h = 0; h < kvHeads; h++) {
      const target = ((slot * kvHeads + h) * maxTime + position) * headDim;
      memory.copy(at(keys, target), at(k, t * kRow + h * headDim), bytes);
      memory.copy(at(values, target), at(v, t * vRow + h * headDim), bytes);
    }
  }
}

export function cacheAttentionScratchBytes(maxTime: i32): i32 {
  return maxTime * 4;
}

export function cacheAttention(
  tokens: i32,
  heads: i32,
  kvHeads: i32,
  headDim: i32,
  q: usize,
  qRow: i32,
  slots: usize,
  positions: usize,
  keys: usize,
  values: usize,
  maxTime: i32,
  scale: f32,
  out: usize,
  outRow: i32,
  scratch: usize,
): void {
  for (let t = 0; t < tokens; t++) {
    const slot = load<i32>(at(slots, t));
    const visible = load<i32>(at(positions, t)) + 1;
    for (let h = 0; h < heads; h++) {
      const shared = (h * kvHeads) / heads;
      const base = (slot * kvHeads + shared) * maxTime * headDim;
      const query = at(q, t * qRow + h * headDim);
      for (let p = 0; p < visible; p++) {
        const key = at(keys, base + p * headDim);
        let sum = f32x4.splat(0);
        let d = 0;
        for (; d + 4 <= headDim; d += 4)
          sum = f32x4.add(sum, f32x4.mul(v128.load(at(query, d)), v128.load(at(key, d))));
        let total = sumLanes(sum);
        for (; d < headDim; d++) total += f32.load(at(query, d)) * f32.load(at(key, d));
        f32.store(at(scratch, p), total * scale);
      }
      softmaxRow(scratch, visible, visible);
      const target = at(out, t * outRow + h * headDim);
      let d = 0;
      for (; d + 8 <= headDim; d += 8) {
        let low = f32x4.splat(0);
        let high = f32x4.splat(0);
        let value = at(values, base + d);
        for (let p = 0; p < visible; p++) {
          const weight = v128.load32_splat(at(scratch, p));
          low = f32x4.add(low, f32x4.mul(weight, v128.load(value)));
          high = f32x4.add(high, f32x4.mul(weight, v128.load(value, 16)));
          value += (<usize>headDim) << 2;
        }
        v128.store(at(target, d), low);
        v128.store(at(target, d), high, 16);
      }
      for (; d < headDim; d++) {
        let total: f32 = 0;
        for (let p = 0; p < visible; p++)
          total += f32.load(at(scratch, p)) * f32.load(at(values, base + p * headDim + d));
        f32.store(at(target, d), total);
      }
    }
  }
}
