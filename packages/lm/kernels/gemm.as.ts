// Single-precision matrix multiplication.
//
// Every element of the result is the sum over k in index order, in blocks of KC partial sums, whichever path computes
// it: wasm SIMD has no fused multiply-add, so a lane of a tile and a scalar round alike. The bytes of a row of C
// therefore depend on that row of A only, never on m, on n or on the row's place in a tile.
// Blocking after Goto & van de Geijn, "Anatomy of High-Performance Matrix Multiplication" (2008).

// Depth of a block: a panel of B is KC * 8 * 4 = 8 KiB and stays in the first-level cache. Changing KC changes results.
const KC: i32 = 256;
// Columns of B packed at a time: KC * NC * 4 = 512 KiB, for the second-level cache.
const NC: i32 = 512;
// Rows of A that pass over one packed panel of B.
const MC: i32 = 64;
// Up to this many rows, packing B costs more than reading it in place.
const DIRECT_ROWS: i32 = 8;
// The same for a B whose columns are contiguous, which are transposed in registers for every row.
const TRANSPOSED_ROWS: i32 = 2;
// Scratch starts with a row of zeros (NC floats), a 4x8 tile of C and a 4x8 tile of start values.
const TILE_AT: usize = <usize>NC * 4;
const HEAD_BYTES: usize = TILE_AT + 128 + 128;

export function gemmScratchBytes(m: i32, n: i32, k: i32): i32 {
  const depth = min(k, KC);
  const columns = (min(n, NC) + 7) & ~7;
  const rows = (min(m, MC) + 3) & ~3;
  return <i32>HEAD_BYTES + depth * (columns + rows) * 4;
}

/** Panels of 8 columns, [panel][k][8], the last one filled with zeros. */
function packB(depth: i32, columns: i32, b: usize, bRow: usize, bCol: usize, target: usize): void {
  for (let j = 0; j < columns; j += 8) {
    const width = min(columns - j, 8);
    let source = b + <usize>j * bCol;
    let to = target + <usize>(j * depth) * 4;
    if (width == 8 && bCol == 4) {
      for (let p = 0; p < depth; p++) {
        v128.store(to, v128.load(source));
        v128.store(to, v128.load(source, 16), 16);
        source += bRow;
        to += 32;
      }
    } else if (width == 8 && bRow == 4) {
      let p = 0;
      for (; p + 4 <= depth; p += 4) {
        packTranspose(source, bCol, to, 32);
        packTranspose(source + 4 * bCol, bCol, to + 16, 32);
        source += 16;
        to += 128;
      }
      for (; p < depth; p++) {
        for (let jj: usize = 0; jj < 8; jj++) store<f32>(to + jj * 4, load<f32>(source + jj * bCol));
        source += 4;
        to += 32;
      }
    } else {
      for (let p = 0; p < depth; p++) {
        let jj: usize = 0;
        for (; jj < <usize>width; jj++) store<f32>(to + jj * 4, load<f32>(source + jj * bCol));
        for (; jj < 8; jj++) store<f32>(to + jj * 4, 0);
        source += bRow;
        to += 32;
      }
    }
  }
}

/** Panels of 4 rows, [panel][k][4]; the last one repeats its last row. */
function packA(rows: i32, depth: i32, a: usize, aRow: usize, aCol: usize, target: usize): void {
  for (let i = 0; i < rows; i += 4) {
    const height = min(rows - i, 4);
    let source = a + <usize>i * aRow;
    let to = target + <usize>(i * depth) * 4;
    if (height == 4 && aRow == 4) {
      for (let p = 0; p < depth; p++) {
        v128.store(to, v128.load(source));
        source += aCol;
        to += 16;
      }
    } else if (height == 4 && aCol == 4) {
      let p = 0;
      for (; p + 4 <= depth; p += 4) {
        packTranspose(source, aRow, to, 16);
        source += 16;
        to += 64;
      }
      for (; p < depth; p++) {
        for (let r: usize = 0; r < 4; r++) store<f32>(to + r * 4, load<f32>(source + r * aRow));
        source += 4;
        to += 16;
      }
    } else {
      const row1 = <usize>min(1, height - 1) * aRow;
      const row2 = <usize>min(2, height - 1) * aRow;
      const row3 = <usize>min(3, height - 1) * aRow;
      for (let p = 0; p < depth; p++) {
        store<f32>(to, load<f32>(source));
        store<f32>(to, load<f32>(source + row1), 4);
        store<f32>(to, load<f32>(source + row2), 8);
        store<f32>(to, load<f32>(source + row3), 12);
        source += aCol;
        to += 16;
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function packTranspose(source: usize, sourceRow: usize, target: usize, targetRow: usize): void {
  const x0 = v128.load(source);
  const x1 = v128.load(source + sourceRow);
  const x2 = v128.load(source + 2 * sourceRow);
  const x3 = v128.load(source + 3 * sourceRow);
  const y0 = v128.shuffle<f32>(x0, x1, 0, 4, 1, 5);
  const y1 = v128.shuffle<f32>(x0, x1, 2, 6, 3, 7);
  const y2 = v128.shuffle<f32>(x2, x3, 0, 4, 1, 5);
  const y3 = v128.shuffle<f32>(x2, x3, 2, 6, 3, 7);
  v128.store(target, v128.shuffle<f64>(y0, y2, 0, 2));
  v128.store(target + targetRow, v128.shuffle<f64>(y0, y2, 1, 3));
  v128.store(target + 2 * targetRow, v128.shuffle<f64>(y1, y3, 0, 2));
  v128.store(target + 3 * targetRow, v128.shuffle<f64>(y1, y3, 1, 3));
}

// @ts-ignore: decorator
@inline
function fma(sum: v128, x: v128, y: v128): v128 {
  return f32x4.add(sum, f32x4.mul(x, y));
}

/** C = start + A·B for 4 rows and 8 columns; rows may repeat. All of start is read before C is written. */
// @ts-ignore: decorator
@inline
function tile(
  depth: i32, a0: usize, a1: usize, a2: usize, a3: usize, aStep: usize, b: usize, bStep: usize,
  s0: usize, s1: usize, s2: usize, s3: usize, c0: usize, c1: usize, c2: usize, c3: usize,
): void {
  let x00 = f32x4.splat(0), x01 = x00, x10 = x00, x11 = x00, x20 = x00, x21 = x00, x30 = x00, x31 = x00;
  for (let p = 0; p < depth; p++) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    let a = v128.load32_splat(a0);
    x00 = fma(x00, a, b0); x01 = fma(x01, a, b1);
    a = v128.load32_splat(a1);
    x10 = fma(x10, a, b0); x11 = fma(x11, a, b1);
    a = v128.load32_splat(a2);
    x20 = fma(x20, a, b0); x21 = fma(x21, a, b1);
    a = v128.load32_splat(a3);
    x30 = fma(x30, a, b0); x31 = fma(x31, a, b1);
    a0 += aStep; a1 += aStep; a2 += aStep; a3 += aStep;
    b += bStep;
  }
  x00 = f32x4.add(v128.load(s0), x00); x01 = f32x4.add(v128.load(s0, 16), x01);
  x10 = f32x4.add(v128.load(s1), x10); x11 = f32x4.add(v128.load(s1, 16), x11);
  x20 = f32x4.add(v128.load(s2), x20); x21 = f32x4.add(v128.load(s2, 16), x21);
  x30 = f32x4.add(v128.load(s3), x30); x31 = f32x4.add(v128.load(s3, 16), x31);
  v128.store(c0, x00); v128.store(c0, x01, 16);
  v128.store(c1, x10); v128.store(c1, x11, 16);
  v128.store(c2, x20); v128.store(c2, x21, 16);
  v128.store(c3, x30); v128.store(c3, x31, 16);
}

function tilePacked(depth: i32, a: usize, b: usize, s: usize, s1: usize, s2: usize, s3: usize, c: usize, c1: usize, c2: usize, c3: usize): void {
  tile(depth, a, a + 4, a + 8, a + 12, 16, b, 32, s, s + s1, s + s2, s + s3, c, c + c1, c + c2, c + c3);
}

function tileStrided(depth: i32, a: usize, a1: usize, a2: usize, a3: usize, aStep: usize, b: usize, bStep: usize, s: usize, s1: usize, s2: usize, s3: usize, c: usize, c1: usize, c2: usize, c3: usize): void {
  tile(depth, a, a + a1, a + a2, a + a3, aStep, b, bStep, s, s + s1, s + s2, s + s3, c, c + c1, c + c2, c + c3);
}

/** One row, 32 columns, B in place with unit column stride. */
function rowStrided(depth: i32, a: usize, aStep: usize, b: usize, bStep: usize, s: usize, c: usize): void {
  let x0 = f32x4.splat(0), x1 = x0, x2 = x0, x3 = x0, x4 = x0, x5 = x0, x6 = x0, x7 = x0;
  for (let p = 0; p < depth; p++) {
    const y = v128.load32_splat(a);
    x0 = fma(x0, y, v128.load(b));
    x1 = fma(x1, y, v128.load(b, 16));
    x2 = fma(x2, y, v128.load(b, 32));
    x3 = fma(x3, y, v128.load(b, 48));
    x4 = fma(x4, y, v128.load(b, 64));
    x5 = fma(x5, y, v128.load(b, 80));
    x6 = fma(x6, y, v128.load(b, 96));
    x7 = fma(x7, y, v128.load(b, 112));
    a += aStep;
    b += bStep;
  }
  v128.store(c, f32x4.add(v128.load(s), x0));
  v128.store(c, f32x4.add(v128.load(s, 16), x1), 16);
  v128.store(c, f32x4.add(v128.load(s, 32), x2), 32);
  v128.store(c, f32x4.add(v128.load(s, 48), x3), 48);
  v128.store(c, f32x4.add(v128.load(s, 64), x4), 64);
  v128.store(c, f32x4.add(v128.load(s, 80), x5), 80);
  v128.store(c, f32x4.add(v128.load(s, 96), x6), 96);
  v128.store(c, f32x4.add(v128.load(s, 112), x7), 112);
}

/** Two rows, 16 columns, B in place with unit column stride. */
function rowPairStrided(depth: i32, a: usize, aRow: usize, aStep: usize, b: usize, bStep: usize, s: usize, sRow: usize, c: usize, cRow: usize): void {
  let x0 = f32x4.splat(0), x1 = x0, x2 = x0, x3 = x0, y0 = x0, y1 = x0, y2 = x0, y3 = x0;
  let a1 = a + aRow;
  for (let p = 0; p < depth; p++) {
    const b0 = v128.load(b), b1 = v128.load(b, 16), b2 = v128.load(b, 32), b3 = v128.load(b, 48);
    let y = v128.load32_splat(a);
    x0 = fma(x0, y, b0); x1 = fma(x1, y, b1); x2 = fma(x2, y, b2); x3 = fma(x3, y, b3);
    y = v128.load32_splat(a1);
    y0 = fma(y0, y, b0); y1 = fma(y1, y, b1); y2 = fma(y2, y, b2); y3 = fma(y3, y, b3);
    a += aStep;
    a1 += aStep;
    b += bStep;
  }
  v128.store(c, f32x4.add(v128.load(s), x0));
  v128.store(c, f32x4.add(v128.load(s, 16), x1), 16);
  v128.store(c, f32x4.add(v128.load(s, 32), x2), 32);
  v128.store(c, f32x4.add(v128.load(s, 48), x3), 48);
  s += sRow;
  c += cRow;
  v128.store(c, f32x4.add(v128.load(s), y0));
  v128.store(c, f32x4.add(v128.load(s, 16), y1), 16);
  v128.store(c, f32x4.add(v128.load(s, 32), y2), 32);
  v128.store(c, f32x4.add(v128.load(s, 48), y3), 48);
}

/** Adds 4 steps of k to 4 columns; B's columns are contiguous in k and are transposed in registers. */
// @ts-ignore: decorator
@inline
function columns4(sum: v128, b: usize, bCol: usize, y0: v128, y1: v128, y2: v128, y3: v128): v128 {
  const x0 = v128.load(b);
  const x1 = v128.load(b + bCol);
  const x2 = v128.load(b + 2 * bCol);
  const x3 = v128.load(b + 3 * bCol);
  const z0 = v128.shuffle<f32>(x0, x1, 0, 4, 1, 5);
  const z1 = v128.shuffle<f32>(x0, x1, 2, 6, 3, 7);
  const z2 = v128.shuffle<f32>(x2, x3, 0, 4, 1, 5);
  const z3 = v128.shuffle<f32>(x2, x3, 2, 6, 3, 7);
  sum = fma(sum, y0, v128.shuffle<f64>(z0, z2, 0, 2));
  sum = fma(sum, y1, v128.shuffle<f64>(z0, z2, 1, 3));
  sum = fma(sum, y2, v128.shuffle<f64>(z1, z3, 0, 2));
  return fma(sum, y3, v128.shuffle<f64>(z1, z3, 1, 3));
}

/** One row, 16 columns; k runs contiguously in both A and B, depth a multiple of 4. */
function rowTransposed(depth: i32, a: usize, b: usize, bCol: usize, s: usize, c: usize): void {
  let x0 = f32x4.splat(0), x1 = x0, x2 = x0, x3 = x0;
  for (let p = 0; p < depth; p += 4) {
    const y0 = v128.load32_splat(a), y1 = v128.load32_splat(a, 4), y2 = v128.load32_splat(a, 8), y3 = v128.load32_splat(a, 12);
    x0 = columns4(x0, b, bCol, y0, y1, y2, y3);
    x1 = columns4(x1, b + 4 * bCol, bCol, y0, y1, y2, y3);
    x2 = columns4(x2, b + 8 * bCol, bCol, y0, y1, y2, y3);
    x3 = columns4(x3, b + 12 * bCol, bCol, y0, y1, y2, y3);
    a += 16;
    b += 16;
  }
  v128.store(c, f32x4.add(v128.load(s), x0));
  v128.store(c, f32x4.add(v128.load(s, 16), x1), 16);
  v128.store(c, f32x4.add(v128.load(s, 32), x2), 32);
  v128.store(c, f32x4.add(v128.load(s, 48), x3), 48);
}

/**
 * Few rows times a matrix whose columns are contiguous, in place, 16 columns at a time: so all of a column is read in one go.
 * Returns the number of columns done.
 */
function directTransposed(
  m: i32, n: i32, k: i32, a: usize, aRow: usize, b: usize, bCol: usize,
  c: usize, cRow: usize, bias: usize, accumulate: bool, zeros: usize,
): i32 {
  let done = 0;
  for (; done + 16 <= n; done += 16) {
    const columns = b + <usize>done * bCol;
    const target = c + <usize>done * 4;
    for (let p = 0; p < k; p += KC) {
      const depth = min(k - p, KC);
      const fromC = accumulate || p > 0;
      const start = fromC ? target : bias ? bias + <usize>done * 4 : zeros;
      const startRow = fromC ? cRow : 0;
      for (let i = 0; i < m; i++) {
        rowTransposed(
          depth, a + <usize>i * aRow + <usize>p * 4, columns + <usize>p * 4, bCol,
          start + <usize>i * startRow, target + <usize>i * cRow,
        );
      }
    }
  }
  return done;
}

/** Copies the first `width` of 8 floats of 4 rows, row by row. */
function copyTile(width: i32, source: usize, r1: usize, r2: usize, r3: usize, target: usize, t1: usize, t2: usize, t3: usize): void {
  for (let j = 0; j < width; j++) {
    const at = <usize>j * 4;
    store<f32>(target + at, load<f32>(source + at));
    store<f32>(target + t1 + at, load<f32>(source + r1 + at));
    store<f32>(target + t2 + at, load<f32>(source + r2 + at));
    store<f32>(target + t3 + at, load<f32>(source + r3 + at));
  }
}

/**
 * All rows of a block over one packed panel of B. `start` (row stride startRow) is what the products are added to.
 */
function panel(
  rows: i32, width: i32, depth: i32, packedA: usize, b: usize,
  start: usize, startRow: usize, c: usize, cRow: usize, tileC: usize,
): void {
  for (let i = 0; i < rows; i += 4) {
    const last = rows - 1 - i;
    const i1 = <usize>min(1, last), i2 = <usize>min(2, last), i3 = <usize>min(3, last);
    let s = start + <usize>i * startRow, s1 = i1 * startRow, s2 = i2 * startRow, s3 = i3 * startRow;
    let to = c + <usize>i * cRow, c1 = i1 * cRow, c2 = i2 * cRow, c3 = i3 * cRow;
    if (width < 8) {
      to = tileC; c1 = 32; c2 = 64; c3 = 96;
      copyTile(width, s, s1, s2, s3, tileC + 128, 32, 64, 96);
      s = tileC + 128; s1 = 32; s2 = 64; s3 = 96;
    }
    tilePacked(depth, packedA + <usize>(i * depth) * 4, b, s, s1, s2, s3, to, c1, c2, c3);
    if (width < 8) {
      copyTile(width, to, i1 * 32, i2 * 32, i3 * 32, c + <usize>i * cRow, i1 * cRow, i2 * cRow, i3 * cRow);
    }
  }
}

/** Few rows, B in place: whole groups of 8 columns. Returns the number of columns done. */
function direct(
  rows: i32, columns: i32, depth: i32, a: usize, aRow: usize, aCol: usize, b: usize, bRow: usize,
  start: usize, startRow: usize, c: usize, cRow: usize,
): i32 {
  let j = 0;
  if (rows == 1) {
    for (; j + 32 <= columns; j += 32) {
      const at = <usize>j * 4;
      rowStrided(depth, a, aCol, b + at, bRow, start + at, c + at);
    }
  } else if (rows == 2) {
    for (; j + 16 <= columns; j += 16) {
      const at = <usize>j * 4;
      rowPairStrided(depth, a, aRow, aCol, b + at, bRow, start + at, startRow, c + at, cRow);
    }
  }
  for (; j + 8 <= columns; j += 8) {
    const at = <usize>j * 4;
    for (let i = 0; i < rows; i += 4) {
      const last = rows - 1 - i;
      const i0 = <usize>i, i1 = <usize>min(1, last), i2 = <usize>min(2, last), i3 = <usize>min(3, last);
      tileStrided(
        depth, a + i0 * aRow, i1 * aRow, i2 * aRow, i3 * aRow, aCol, b + at, bRow,
        start + i0 * startRow + at, i1 * startRow, i2 * startRow, i3 * startRow,
        c + i0 * cRow + at, i1 * cRow, i2 * cRow, i3 * cRow,
      );
    }
  }
  return j;
}

/** C[m, n] = A[m, k] · B[k, n] (+ bias[n]) (+ C). Strides in elements; C has unit column stride. */
export function gemm(
  m: i32, n: i32, k: i32, a: usize, aRow: i32, aCol: i32, b: usize, bRow: i32, bCol: i32,
  c: usize, cRow: i32, bias: usize, accumulate: i32, scratch: usize,
): void {
  if (m <= 0 || n <= 0) return;
  const aRowBytes = <usize>aRow * 4, aColBytes = <usize>aCol * 4;
  const bRowBytes = <usize>bRow * 4, bColBytes = <usize>bCol * 4;
  const cRowBytes = <usize>cRow * 4;
  const zeros = scratch;
  if (!accumulate && !bias) memory.fill(zeros, 0, <usize>((min(n, NC) + 7) & ~7) * 4);
  const packedB = scratch + HEAD_BYTES;
  const packedA = packedB + <usize>(min(k, KC) * ((min(n, NC) + 7) & ~7)) * 4;

  if (bias && accumulate) {
    for (let i = 0; i < m; i++) {
      const row = c + <usize>i * cRowBytes;
      for (let at: usize = 0; at < <usize>n * 4; at += 4) store<f32>(row + at, load<f32>(row + at) + load<f32>(bias + at));
    }
    bias = 0;
  }

  if (m <= TRANSPOSED_ROWS && bRow == 1 && aCol == 1 && k > 0 && (k & 3) == 0) {
    const done = directTransposed(m, n, k, a, aRowBytes, b, bColBytes, c, cRowBytes, bias, accumulate != 0, zeros);
    if (done == n) return;
    n -= done;
    b += <usize>done * bColBytes;
    c += <usize>done * 4;
    if (bias) bias += <usize>done * 4;
  }

  let p = 0;
  do {
    const depth = min(k - p, KC);
    const fromC = accumulate != 0 || p > 0;
    for (let j = 0; j < n; j += NC) {
      const columns = min(n - j, NC);
      const blockA = a + <usize>p * aColBytes;
      const blockB = b + <usize>p * bRowBytes + <usize>j * bColBytes;
      const blockC = c + <usize>j * 4;
      const start = fromC ? blockC : bias ? bias + <usize>j * 4 : zeros;
      const startRow = fromC ? cRowBytes : 0;

      let done = 0;
      if (m <= DIRECT_ROWS && bCol == 1) {
        done = direct(m, columns, depth, blockA, aRowBytes, aColBytes, blockB, bRowBytes, start, startRow, blockC, cRowBytes);
      }
      if (done == columns) continue;

      packB(depth, columns - done, blockB + <usize>done * bColBytes, bRowBytes, bColBytes, packedB);
      for (let i = 0; i < m; i += MC) {
        const rows = min(m - i, MC);
        packA(rows, depth, blockA + <usize>i * aRowBytes, aRowBytes, aColBytes, packedA);
        for (let jj = done; jj < columns; jj += 8) {
          panel(
            rows, min(columns - jj, 8), depth, packedA, packedB + <usize>((jj - done) * depth) * 4,
            start + <usize>i * startRow + <usize>jj * 4, startRow,
            blockC + <usize>i * cRowBytes + <usize>jj * 4, cRowBytes, scratch + TILE_AT,
          );
        }
      }
    }
    p += KC;
  } while (p < k);
}
