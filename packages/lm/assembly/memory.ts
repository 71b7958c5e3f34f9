/** The address of the 4-byte element `index` after `base`. */
// @ts-expect-error: decorator
@inline export function at(base: usize, index: i32): usize {
  return base + (<usize>index << 2);
}

/** The sum of the four lanes, always in the same order. */
// @ts-expect-error: decorator
@inline export function sumLanes(x: v128): f32 {
  return f32x4.extract_lane(x, 0) + f32x4.extract_lane(x, 1) + (f32x4.extract_lane(x, 2) + f32x4.extract_lane(x, 3));
}
