import { at } from "./memory";

const KC: i32 = 256;

export function gemmScratchBytes(m: i32, n: i32, k: i32): i32 {
  const panels = (n + 7) >> 3;
  const depth = k < KC ? k : KC;
  return (panels * 8 * depth + depth * 4 + 64) * 4;
}

function packB(n: i32, depth: i32, b: usize, bRow: i32, bCol: i32, packed: usize): void {
  for (let j = 0; j < n; j += 8) {
    const width = n - j < 8 ? n - j : 8;
    let source = at(b, j * bCol);
    if (bCol == 1 && width == 8) {
      const step = <usize>bRow << 2;
      for (let p = 0; p < depth; p++) {
        v128.store(packed, v128.load(source));
        v128.store(packed, v128.load(source, 16), 16);
        source += step;
        packed += 32;
      }
    } else if (bRow == 1 && width == 8) {
      // Columns are contiguous: read eight of them side by side.
      const step = <usize>bCol << 2;
      const s0 = source, s1 = source + step, s2 = s1 + step, s3 = s2 + step, s4 = s3 + step, s5 = s4 + step, s6 = s5 + step, s7 = s6 + step;
      for (let p = 0; p < depth; p++) {
        const o = <usize>p << 2;
        f32.store(packed, f32.load(s0 + o));
        f32.store(packed, f32.load(s1 + o), 4);
        f32.store(packed, f32.load(s2 + o), 8);
        f32.store(packed, f32.load(s3 + o), 12);
        f32.store(packed, f32.load(s4 + o), 16);
        f32.store(packed, f32.load(s5 + o), 20);
        f32.store(packed, f32.load(s6 + o), 24);
        f32.store(packed, f32.load(s7 + o), 28);
        packed += 32;
      }
    } else {
      for (let p = 0; p < depth; p++) {
        for (let w = 0; w < 8; w++) {
          f32.store(at(packed, w), w < width ? f32.load(at(source, w * bCol)) : 0);
        }
        source += <usize>bRow << 2;
        packed += 32;
      }
    }
  }
}

function packA(rows: i32, depth: i32, a: usize, aRow: i32, aCol: i32, packed: usize): void {
  if (aRow == 1 && rows == 4) {
    const step = <usize>aCol << 2;
    for (let p = 0; p < depth; p++) {
      v128.store(packed, v128.load(a));
      a += step;
      packed += 16;
    }
    return;
  }
  for (let r = 0; r < 4; r++) {
    let target = at(packed, r);
    if (r < rows) {
      let source = at(a, r * aRow);
      const step = <usize>aCol << 2;
      for (let p = 0; p < depth; p++) {
        f32.store(target, f32.load(source));
        source += step;
        target += 16;
      }
    } else {
      for (let p = 0; p < depth; p++) {
        f32.store(target, 0);
        target += 16;
      }
    }
  }
}

// @ts-expect-error: decorator
@inline function put(c: usize, width: i32, low: v128, high: v128, add: bool, tile: usize): void {
  if (width == 8) {
    if (add) {
      low = f32x4.add(v128.load(c), low);
      high = f32x4.add(v128.load(c, 16), high);
    }
    v128.store(c, low);
    v128.store(c, high, 16);
  } else {
    v128.store(tile, low);
    v128.store(tile, high, 16);
    for (let w = 0; w < width; w++) {
      const value = f32.load(at(tile, w));
      f32.store(at(c, w), add ? f32.load(at(c, w)) + value : value);
    }
  }
}

function microKernel(depth: i32, a: usize, b: usize, c: usize, cRow: i32, rows: i32, width: i32, add: bool, tile: usize): void {
  let c00 = f32x4.splat(0), c01 = f32x4.splat(0);
  let c10 = f32x4.splat(0), c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0), c21 = f32x4.splat(0);
  let c30 = f32x4.splat(0), c31 = f32x4.splat(0);
  for (let p = 0; p < depth; p++) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let x = v128.load32_splat(a);
    c00 = f32x4.add(c00, f32x4.mul(x, b0));
    c01 = f32x4.add(c01, f32x4.mul(x, b1));
    x = v128.load32_splat(a, 4);
    c10 = f32x4.add(c10, f32x4.mul(x, b0));
    c11 = f32x4.add(c11, f32x4.mul(x, b1));
    x = v128.load32_splat(a, 8);
    c20 = f32x4.add(c20, f32x4.mul(x, b0));
    c21 = f32x4.add(c21, f32x4.mul(x, b1));
    x = v128.load32_splat(a, 12);
    c30 = f32x4.add(c30, f32x4.mul(x, b0));
    c31 = f32x4.add(c31, f32x4.mul(x, b1));
    a += 16;
    b += 32;
  }
  const step = <usize>cRow << 2;
  put(c, width, c00, c01, add, tile);
  if (rows > 1) put(c + step, width, c10, c11, add, tile);
  if (rows > 2) put(c + 2 * step, width, c20, c21, add, tile);
  if (rows > 3) put(c + 3 * step, width, c30, c31, add, tile);
}

export function gemm(m: i32, n: i32, k: i32, a: usize, aRow: i32, aCol: i32, b: usize, bRow: i32, bCol: i32, c: usize, cRow: i32, bias: usize, accumulate: i32, scratch: usize): void {
  const tile = scratch;
  const packedA = scratch + 64;
  const packedB = packedA + <usize>((k < KC ? k : KC) * 16);
  if (k == 0 && accumulate == 0) {
    for (let i = 0; i < m; i++) memory.fill(at(c, i * cRow), 0, <usize>n << 2);
  }
  for (let p = 0; p < k; p += KC) {
    const depth = k - p < KC ? k - p : KC;
    packB(n, depth, at(b, p * bRow), bRow, bCol, packedB);
    const add = p > 0 || accumulate != 0;
    for (let i = 0; i < m; i += 4) {
      const rows = m - i < 4 ? m - i : 4;
      packA(rows, depth, at(a, i * aRow + p * aCol), aRow, aCol, packedA);
      let panel = packedB;
      let target = at(c, i * cRow);
      for (let j = 0; j < n; j += 8) {
        microKernel(depth, packedA, panel, target, cRow, rows, n - j < 8 ? n - j : 8, add, tile);
        panel += <usize>depth << 5;
        target += 32;
      }
    }
  }
  if (bias != 0) {
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        const target = at(c, i * cRow + j);
        f32.store(target, f32.load(target) + f32.load(at(bias, j)));
      }
    }
  }
}
