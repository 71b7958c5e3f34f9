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

/** Scores of all heads, for whole pairs of pages, and one block of partial sums. */
export function cacheAttentionScratchBytes(heads: i32, headDim: i32, maxPages: i32): i32 {
  return heads * ((maxPages + 1) * PAGE + headDim) * 4;
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

/** sums += Σ probabilities · values over the first `count` positions of a page, for 32 columns. */
function mix32(count: i32, headDim: i32, probabilities: usize, values: usize, sums: usize): void {
  let x0 = v128.load(sums), x1 = v128.load(sums, 16), x2 = v128.load(sums, 32), x3 = v128.load(sums, 48);
  let x4 = v128.load(sums, 64), x5 = v128.load(sums, 80), x6 = v128.load(sums, 96), x7 = v128.load(sums, 112);
  for (let p = 0; p < count; p++) {
    const y = v128.load32_splat(floatAt(probabilities, p));
    x0 = fma(x0, y, v128.load(values)); x1 = fma(x1, y, v128.load(values, 16));
    x2 = fma(x2, y, v128.load(values, 32)); x3 = fma(x3, y, v128.load(values, 48));
    x4 = fma(x4, y, v128.load(values, 64)); x5 = fma(x5, y, v128.load(values, 80));
    x6 = fma(x6, y, v128.load(values, 96)); x7 = fma(x7, y, v128.load(values, 112));
    values = floatAt(values, headDim);
  }
  v128.store(sums, x0); v128.store(sums, x1, 16); v128.store(sums, x2, 32); v128.store(sums, x3, 48);
  v128.store(sums, x4, 64); v128.store(sums, x5, 80); v128.store(sums, x6, 96); v128.store(sums, x7, 112);
}

/** The same for up to 4 columns. */
function mix4(count: i32, headDim: i32, columns: i32, probabilities: usize, values: usize, sums: usize): void {
  let x = take(sums, columns);
  for (let p = 0; p < count; p++) {
    x = fma(x, v128.load32_splat(floatAt(probabilities, p)), take(values, columns));
    values = floatAt(values, headDim);
  }
  put(sums, columns, x);
}

/** out += sums; sums = 0. */
function flush(count: i32, sums: usize, out: usize): void {
  for (let i = 0; i < count; i += 4) {
    const left = count - i;
    put(floatAt(out, i), left, f32x4.add(take(floatAt(out, i), left), take(floatAt(sums, i), left)));
  }
  memory.fill(sums, 0, <usize>count << 2);
}

/**
 * The same sums in the same order as in `attention`, so the same bytes. All heads of a page are done before the next page, so that
 * memory is read in one go.
 */
export function cacheAttention(
  tokens: i32, heads: i32, kvHeads: i32, headDim: i32, q: usize, qRow: i32, rows: usize, positions: usize,
  pages: usize, maxPages: i32, offset: i32, scale: f32, out: usize, outRow: i32, scratch: usize,
): void {
  const size = headDim * PAGE * 4;
  const valuesAt = offset + kvHeads * size;
  const width = heads * headDim;
  const sums = scratch;
  const scores = floatAt(scratch, width);
  for (let t = 0; t < tokens; t++) {
    const table = floatAt(pages, load<i32>(floatAt(rows, t)) * maxPages);
    const visible = load<i32>(floatAt(positions, t)) + 1;
    const scoreRow = (visible + 2 * PAGE - 1) & ~(2 * PAGE - 1);
    const query = floatAt(q, t * qRow);
    const target = floatAt(out, t * outRow);
    for (let first = 0; first < visible; first += 2 * PAGE) {
      const left = pageOf(table, first / PAGE, offset);
      const right = first + PAGE < visible ? pageOf(table, first / PAGE + 1, offset) : left;
      for (let h = 0; h < heads; h++) {
        const keys = <usize>(((h * kvHeads) / heads) * size);
        scorePages(headDim, floatAt(query, h * headDim), left + keys, right + keys, floatAt(scores, h * scoreRow + first));
      }
    }
    for (let h = 0; h < heads; h++) softmaxRow(floatAt(scores, h * scoreRow), visible, visible, scale);
    memory.fill(target, 0, <usize>width << 2);
    memory.fill(sums, 0, <usize>width << 2);
    for (let first = 0; first < visible; first += PAGE) {
      const page = pageOf(table, first / PAGE, valuesAt);
      const count = min(PAGE, visible - first);
      for (let h = 0; h < heads; h++) {
        const values = page + <usize>(((h * kvHeads) / heads) * size);
        const probabilities = floatAt(scores, h * scoreRow + first);
        const mixed = floatAt(sums, h * headDim);
        let column = 0;
        for (; column + 32 <= headDim; column += 32) {
          mix32(count, headDim, probabilities, floatAt(values, column), floatAt(mixed, column));
        }
        for (; column < headDim; column += 4) {
          mix4(count, headDim, min(4, headDim - column), probabilities, floatAt(values, column), floatAt(mixed, column));
        }
      }
      if ((first + PAGE) % BLOCK == 0 || first + PAGE >= visible) flush(width, sums, target);
    }
  }
}
