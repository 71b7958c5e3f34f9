// @ts-ignore: decorator
@inline
function total(lanes: v128): f32 {
  return <f32>(i32x4.extract_lane(lanes, 0) + i32x4.extract_lane(lanes, 1) + i32x4.extract_lane(lanes, 2) +
    i32x4.extract_lane(lanes, 3));
}

/**
 * Products of two queries (int16, so that they are widened once only) with four rows of int8, times the scales, into out[4] and
 * otherOut[4]. The sums are exact integers.
 */
export function int8Products2x4(
  query: usize, other: usize, row: usize, rowBytes: usize, scales: usize, scale: f32, otherScale: f32, out: usize,
  otherOut: usize,
): void {
  const row1 = row + rowBytes, row2 = row1 + rowBytes, row3 = row2 + rowBytes;
  let a0 = i32x4.splat(0), a1 = i32x4.splat(0), a2 = i32x4.splat(0), a3 = i32x4.splat(0);
  let b0 = i32x4.splat(0), b1 = i32x4.splat(0), b2 = i32x4.splat(0), b3 = i32x4.splat(0);
  for (let at: usize = 0; at < rowBytes; at += 8) {
    const left = v128.load(query + (at << 1)), right = v128.load(other + (at << 1));
    let x = v128.load_ext<i8>(row + at);
    a0 = i32x4.add(a0, i32x4.dot_i16x8_s(left, x));
    b0 = i32x4.add(b0, i32x4.dot_i16x8_s(right, x));
    x = v128.load_ext<i8>(row1 + at);
    a1 = i32x4.add(a1, i32x4.dot_i16x8_s(left, x));
    b1 = i32x4.add(b1, i32x4.dot_i16x8_s(right, x));
    x = v128.load_ext<i8>(row2 + at);
    a2 = i32x4.add(a2, i32x4.dot_i16x8_s(left, x));
    b2 = i32x4.add(b2, i32x4.dot_i16x8_s(right, x));
    x = v128.load_ext<i8>(row3 + at);
    a3 = i32x4.add(a3, i32x4.dot_i16x8_s(left, x));
    b3 = i32x4.add(b3, i32x4.dot_i16x8_s(right, x));
  }
  const rowScales = v128.load(scales);
  const a = f32x4.replace_lane(f32x4.replace_lane(f32x4.replace_lane(f32x4.splat(total(a0)), 1, total(a1)), 2, total(a2)), 3, total(a3));
  const b = f32x4.replace_lane(f32x4.replace_lane(f32x4.replace_lane(f32x4.splat(total(b0)), 1, total(b1)), 2, total(b2)), 3, total(b3));
  v128.store(out, f32x4.mul(f32x4.mul(a, rowScales), f32x4.splat(scale)));
  v128.store(otherOut, f32x4.mul(f32x4.mul(b, rowScales), f32x4.splat(otherScale)));
}
