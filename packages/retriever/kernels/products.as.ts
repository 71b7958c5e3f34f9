// Inner products in single precision, each in the order of the x64 build of hnswlib (four sums, one for each lane, then the rest), so
// that both give the same bits; several at once, because one sum alone waits for every addition.

/** How many entries from the first on are summed four at a time. */
export function wideEntries(dimension: i32): i32 {
  if ((dimension & 3) == 0) return dimension;
  if (dimension > 16) return dimension & ~15;
  return dimension > 4 ? dimension & ~3 : 0;
}

// @ts-ignore: decorator
@inline
function finish(lanes: v128, query: usize, row: usize, wide: i32, dimension: i32): f32 {
  let sum = f32x4.extract_lane(lanes, 0) + f32x4.extract_lane(lanes, 1) + f32x4.extract_lane(lanes, 2) +
    f32x4.extract_lane(lanes, 3);
  if (wide < dimension) {
    let rest: f32 = 0;
    for (let i = wide; i < dimension; i++) {
      const offset = <usize>i << 2;
      rest += load<f32>(query + offset) * load<f32>(row + offset);
    }
    sum += rest;
  }
  return sum;
}

// @ts-ignore: decorator
@inline
function step(sum: v128, left: v128, row: usize, offset: usize): v128 {
  return f32x4.add(sum, f32x4.mul(left, v128.load(row + offset)));
}

/** Products of one query with four rows, into out[4]. */
export function products4(
  query: usize, row0: usize, row1: usize, row2: usize, row3: usize, wide: i32, dimension: i32, out: usize,
): void {
  let sum0 = f32x4.splat(0), sum1 = f32x4.splat(0), sum2 = f32x4.splat(0), sum3 = f32x4.splat(0);
  const end = <usize>wide << 2;
  const whole = end & ~63;
  let at: usize = 0;
  for (; at < whole; at += 64) {
    const a = query + at, r0 = row0 + at, r1 = row1 + at, r2 = row2 + at, r3 = row3 + at;
    let left = v128.load(a);
    sum0 = f32x4.add(sum0, f32x4.mul(left, v128.load(r0)));
    sum1 = f32x4.add(sum1, f32x4.mul(left, v128.load(r1)));
    sum2 = f32x4.add(sum2, f32x4.mul(left, v128.load(r2)));
    sum3 = f32x4.add(sum3, f32x4.mul(left, v128.load(r3)));
    left = v128.load(a, 16);
    sum0 = f32x4.add(sum0, f32x4.mul(left, v128.load(r0, 16)));
    sum1 = f32x4.add(sum1, f32x4.mul(left, v128.load(r1, 16)));
    sum2 = f32x4.add(sum2, f32x4.mul(left, v128.load(r2, 16)));
    sum3 = f32x4.add(sum3, f32x4.mul(left, v128.load(r3, 16)));
    left = v128.load(a, 32);
    sum0 = f32x4.add(sum0, f32x4.mul(left, v128.load(r0, 32)));
    sum1 = f32x4.add(sum1, f32x4.mul(left, v128.load(r1, 32)));
    sum2 = f32x4.add(sum2, f32x4.mul(left, v128.load(r2, 32)));
    sum3 = f32x4.add(sum3, f32x4.mul(left, v128.load(r3, 32)));
    left = v128.load(a, 48);
    sum0 = f32x4.add(sum0, f32x4.mul(left, v128.load(r0, 48)));
    sum1 = f32x4.add(sum1, f32x4.mul(left, v128.load(r1, 48)));
    sum2 = f32x4.add(sum2, f32x4.mul(left, v128.load(r2, 48)));
    sum3 = f32x4.add(sum3, f32x4.mul(left, v128.load(r3, 48)));
  }
  for (; at < end; at += 16) {
    const left = v128.load(query + at);
    sum0 = step(sum0, left, row0, at);
    sum1 = step(sum1, left, row1, at);
    sum2 = step(sum2, left, row2, at);
    sum3 = step(sum3, left, row3, at);
  }
  store<f32>(out, finish(sum0, query, row0, wide, dimension));
  store<f32>(out, finish(sum1, query, row1, wide, dimension), 4);
  store<f32>(out, finish(sum2, query, row2, wide, dimension), 8);
  store<f32>(out, finish(sum3, query, row3, wide, dimension), 12);
}

/** Products of two queries with four rows, into out[4] and otherOut[4]. */
export function products2x4(
  query: usize, other: usize, row: usize, rowBytes: usize, wide: i32, dimension: i32, out: usize, otherOut: usize,
): void {
  const row1 = row + rowBytes, row2 = row1 + rowBytes, row3 = row2 + rowBytes;
  let a0 = f32x4.splat(0), a1 = f32x4.splat(0), a2 = f32x4.splat(0), a3 = f32x4.splat(0);
  let b0 = f32x4.splat(0), b1 = f32x4.splat(0), b2 = f32x4.splat(0), b3 = f32x4.splat(0);
  const end = <usize>wide << 2;
  for (let at: usize = 0; at < end; at += 16) {
    const left = v128.load(query + at), right = v128.load(other + at);
    let x = v128.load(row + at);
    a0 = f32x4.add(a0, f32x4.mul(left, x));
    b0 = f32x4.add(b0, f32x4.mul(right, x));
    x = v128.load(row1 + at);
    a1 = f32x4.add(a1, f32x4.mul(left, x));
    b1 = f32x4.add(b1, f32x4.mul(right, x));
    x = v128.load(row2 + at);
    a2 = f32x4.add(a2, f32x4.mul(left, x));
    b2 = f32x4.add(b2, f32x4.mul(right, x));
    x = v128.load(row3 + at);
    a3 = f32x4.add(a3, f32x4.mul(left, x));
    b3 = f32x4.add(b3, f32x4.mul(right, x));
  }
  store<f32>(out, finish(a0, query, row, wide, dimension));
  store<f32>(out, finish(a1, query, row1, wide, dimension), 4);
  store<f32>(out, finish(a2, query, row2, wide, dimension), 8);
  store<f32>(out, finish(a3, query, row3, wide, dimension), 12);
  store<f32>(otherOut, finish(b0, other, row, wide, dimension));
  store<f32>(otherOut, finish(b1, other, row1, wide, dimension), 4);
  store<f32>(otherOut, finish(b2, other, row2, wide, dimension), 8);
  store<f32>(otherOut, finish(b3, other, row3, wide, dimension), 12);
}
