import { softmaxRow } from './attention.as';
import { floatAt, put, take } from './math.as';

/** Positions in a page. Keys lie in it as [kvHeads, headDim, PAGE], values as [kvHeads, PAGE, headDim]. */
const PAGE: i32 = 16;
// Depth of a block of partial sums in gemm: sums that are cut at the same places give the same bytes.
const BLOCK: i32 = 256;

export function cachePageTokens(): i32 {
  return PAGE;
}

// @ts-ignore: decorator
@inline
function pageOf(pages: usize, at: i32, offset: i32): usize {
  return <usize>load<u32>(floatAt(pages, at)) + <usize>offset;
}

export function cacheWrite(
  tokens: i32, kvHeads: i32, headDim: i32, k: usize, kRow: i32, v: usize, vRow: i32,
  rows: usize, positions: usize, pages: usize, maxPages: i32, offset: i32,
): void {
  const size = kvHeads * headDim * PAGE;
  for (let t = 0; t < tokens; t++) {
    const position = load<i32>(floatAt(positions, t));
    const page = pageOf(pages, load<i32>(floatAt(rows, t)) * maxPages + position / PAGE, offset);
    const at = position % PAGE;
    const values = floatAt(page, size + at * headDim);
    for (let h = 0; h < kvHeads; h++) {
      const key = floatAt(k, t * kRow + h * headDim);
      const target = floatAt(page, h * headDim * PAGE + at);
      for (let d = 0; d < headDim; d++) store<f32>(floatAt(target, d * PAGE), load<f32>(floatAt(key, d)));
      memory.copy(floatAt(values, h * headDim * PAGE), floatAt(v, t * vRow + h * headDim), <usize>headDim << 2);
    }
  }
}

export function cacheAttentionScratchBytes(maxPages: i32): i32 {
  return (maxPages + 1) * PAGE * 4;
}

// @ts-ignore: decorator
@inline
function fma(sum: v128, x: v128, y: v128): v128 {
  return f32x4.add(sum, f32x4.mul(x, y));
}

/** Products of one query with the keys of two pages: 32 scores. */
function scorePages(headDim: i32, query: usize, left: usize, right: usize, scores: usize): void {
  for (let start = 0; start < headDim; start += BLOCK) {
    const end = min(headDim, start + BLOCK);
    let x0 = f32x4.splat(0), x1 = x0, x2 = x0, x3 = x0, x4 = x0, x5 = x0, x6 = x0, x7 = x0;
    for (let d = start; d < end; d++) {
      const y = v128.load32_splat(floatAt(query, d));
      const a = floatAt(left, d * PAGE), b = floatAt(right, d * PAGE);
      x0 = fma(x0, y, v128.load(a)); x1 = fma(x1, y, v128.load(a, 16));
      x2 = fma(x2, y, v128.load(a, 32)); x3 = fma(x3, y, v128.load(a, 48));
      x4 = fma(x4, y, v128.load(b)); x5 = fma(x5, y, v128.load(b, 16));
      x6 = fma(x6, y, v128.load(b, 32)); x7 = fma(x7, y, v128.load(b, 48));
    }
    if (start > 0) {
      x0 = f32x4.add(v128.load(scores), x0); x1 = f32x4.add(v128.load(scores, 16), x1);
      x2 = f32x4.add(v128.load(scores, 32), x2); x3 = f32x4.add(v128.load(scores, 48), x3);
      x4 = f32x4.add(v128.load(scores, 64), x4); x5 = f32x4.add(v128.load(scores, 80), x5);
      x6 = f32x4.add(v128.load(scores, 96), x6); x7 = f32x4.add(v128.load(scores, 112), x7);
    }
    v128.store(scores, x0); v128.store(scores, x1, 16); v128.store(scores, x2, 32); v128.store(scores, x3, 48);
    v128.store(scores, x4, 64); v128.store(scores, x5, 80); v128.store(scores, x6, 96); v128.store(scores, x7, 112);
  }
}

/** out += Σ probabilities · values over positions from `start` to `end`, for 16 columns. */
function mix16(
  start: i32, end: i32, headDim: i32, probabilities: usize, pages: usize, offset: i32, out: usize,
): void {
  let x0 = f32x4.splat(0), x1 = x0, x2 = x0, x3 = x0;
  for (let first = start; first < end; first += PAGE) {
    let values = pageOf(pages, first / PAGE, offset);
    const last = min(end, first + PAGE);
    for (let p = first; p < last; p++) {
      const y = v128.load32_splat(floatAt(probabilities, p));
      x0 = fma(x0, y, v128.load(values)); x1 = fma(x1, y, v128.load(values, 16));
      x2 = fma(x2, y, v128.load(values, 32)); x3 = fma(x3, y, v128.load(values, 48));
      values = floatAt(values, headDim);
    }
  }
  v128.store(out, f32x4.add(v128.load(out), x0));
  v128.store(out, f32x4.add(v128.load(out, 16), x1), 16);
  v128.store(out, f32x4.add(v128.load(out, 32), x2), 32);
  v128.store(out, f32x4.add(v128.load(out, 48), x3), 48);
}

/** The same for 32 columns. */
function mix32(
  start: i32, end: i32, headDim: i32, probabilities: usize, pages: usize, offset: i32, out: usize,
): void {
  let x0 = f32x4.splat(0), x1 = x0, x2 = x0, x3 = x0, x4 = x0, x5 = x0, x6 = x0, x7 = x0;
  for (let first = start; first < end; first += PAGE) {
    let values = pageOf(pages, first / PAGE, offset);
    const last = min(end, first + PAGE);
    for (let p = first; p < last; p++) {
      const y = v128.load32_splat(floatAt(probabilities, p));
      x0 = fma(x0, y, v128.load(values)); x1 = fma(x1, y, v128.load(values, 16));
      x2 = fma(x2, y, v128.load(values, 32)); x3 = fma(x3, y, v128.load(values, 48));
      x4 = fma(x4, y, v128.load(values, 64)); x5 = fma(x5, y, v128.load(values, 80));
      x6 = fma(x6, y, v128.load(values, 96)); x7 = fma(x7, y, v128.load(values, 112));
      values = floatAt(values, headDim);
    }
  }
  v128.store(out, f32x4.add(v128.load(out), x0));
  v128.store(out, f32x4.add(v128.load(out, 16), x1), 16);
  v128.store(out, f32x4.add(v128.load(out, 32), x2), 32);
  v128.store(out, f32x4.add(v128.load(out, 48), x3), 48);
  v128.store(out, f32x4.add(v128.load(out, 64), x4), 64);
  v128.store(out, f32x4.add(v128.load(out, 80), x5), 80);
  v128.store(out, f32x4.add(v128.load(out, 96), x6), 96);
  v128.store(out, f32x4.add(v128.load(out, 112), x7), 112);
}

/** The same for up to 4 columns. */
function mixRest(
  start: i32, end: i32, headDim: i32, columns: i32, probabilities: usize, pages: usize, offset: i32, out: usize,
): void {
  let sums = f32x4.splat(0);
  for (let first = start; first < end; first += PAGE) {
    let values = pageOf(pages, first / PAGE, offset);
    const last = min(end, first + PAGE);
    for (let p = first; p < last; p++) {
      sums = fma(sums, v128.load32_splat(floatAt(probabilities, p)), take(values, columns));
      values = floatAt(values, headDim);
    }
  }
  put(out, columns, f32x4.add(take(out, columns), sums));
}

/** The same sums in the same order as in `attention`, so the same bytes. */
export function cacheAttention(
  tokens: i32, heads: i32, kvHeads: i32, headDim: i32, q: usize, qRow: i32, rows: usize, positions: usize,
  pages: usize, maxPages: i32, offset: i32, scale: f32, out: usize, outRow: i32, scores: usize,
): void {
  const size = headDim * PAGE;
  for (let t = 0; t < tokens; t++) {
    const table = floatAt(pages, load<i32>(floatAt(rows, t)) * maxPages);
    const visible = load<i32>(floatAt(positions, t)) + 1;
    for (let h = 0; h < heads; h++) {
      const shared = (h * kvHeads) / heads;
      const keys = offset + shared * size * 4;
      const values = keys + kvHeads * size * 4;
      const query = floatAt(q, t * qRow + h * headDim);
      for (let first = 0; first < visible; first += 2 * PAGE) {
        const left = pageOf(table, first / PAGE, keys);
        const right = first + PAGE < visible ? pageOf(table, first / PAGE + 1, keys) : left;
        scorePages(headDim, query, left, right, floatAt(scores, first));
      }
      softmaxRow(scores, visible, visible, scale);
      const target = floatAt(out, t * outRow + h * headDim);
      memory.fill(target, 0, <usize>headDim << 2);
      for (let start = 0; start < visible; start += BLOCK) {
        const end = min(visible, start + BLOCK);
        let column = 0;
        for (; column + 32 <= headDim; column += 32) {
          mix32(start, end, headDim, scores, table, values + column * 4, floatAt(target, column));
        }
        for (; column + 16 <= headDim; column += 16) {
          mix16(start, end, headDim, scores, table, values + column * 4, floatAt(target, column));
        }
        for (; column < headDim; column += 4) {
          const columns = min(4, headDim - column);
          mixRest(start, end, headDim, columns, scores, table, values + column * 4, floatAt(target, column));
        }
      }
    }
  }
}
