// Vector helpers. The standard library's exp and log read tables in static memory, which belongs to the host here.

// @ts-ignore: decorator
@inline
export function floatAt(base: usize, index: i32): usize {
  return base + (<usize>index << 2);
}

/** The first `count` (1 to 3) floats at an address; the other lanes hold `fill`. Nothing behind them is read. */
function loadPart(address: usize, count: i32, fill: f32): v128 {
  let x = f32x4.replace_lane(f32x4.splat(fill), 0, load<f32>(address));
  if (count > 1) x = f32x4.replace_lane(x, 1, load<f32>(address, 4));
  if (count > 2) x = f32x4.replace_lane(x, 2, load<f32>(address, 8));
  return x;
}

function storePart(address: usize, count: i32, x: v128): void {
  store<f32>(address, f32x4.extract_lane(x, 0));
  if (count > 1) store<f32>(address, f32x4.extract_lane(x, 1), 4);
  if (count > 2) store<f32>(address, f32x4.extract_lane(x, 2), 8);
}

/** Up to 4 floats; missing ones are `fill`. */
// @ts-ignore: decorator
@inline
export function take(address: usize, count: i32, fill: f32 = 0): v128 {
  return count >= 4 ? v128.load(address) : loadPart(address, count, fill);
}

/** Stores the first `count` lanes, at most 4. */
// @ts-ignore: decorator
@inline
export function put(address: usize, count: i32, x: v128): void {
  if (count >= 4) v128.store(address, x);
  else storePart(address, count, x);
}

// @ts-ignore: decorator
@inline
export function sumLanes(x: v128): f32 {
  return (f32x4.extract_lane(x, 0) + f32x4.extract_lane(x, 1)) + (f32x4.extract_lane(x, 2) + f32x4.extract_lane(x, 3));
}

/** The sum of the lanes in double precision, for sums too long for single precision. */
// @ts-ignore: decorator
@inline
export function sumLanesDouble(x: v128): f64 {
  return (<f64>f32x4.extract_lane(x, 0) + <f64>f32x4.extract_lane(x, 1)) +
    (<f64>f32x4.extract_lane(x, 2) + <f64>f32x4.extract_lane(x, 3));
}

// @ts-ignore: decorator
@inline
export function maxLanes(x: v128): f32 {
  return max(
    max(f32x4.extract_lane(x, 0), f32x4.extract_lane(x, 1)),
    max(f32x4.extract_lane(x, 2), f32x4.extract_lane(x, 3)),
  );
}

/**
 * exp of 4 floats: 2^n times a polynomial of degree 6 on [-ln 2 / 2, ln 2 / 2] (Cephes expf), relative error below
 * 2e-7 where the result is normal. Infinity above 88.73, 0 below -104, NaN for NaN.
 */
// @ts-ignore: decorator
@inline
export function exp4(value: v128): v128 {
  // The pseudo minimum and maximum keep a NaN in their first operand's place.
  const x = f32x4.pmax(f32x4.pmin(value, f32x4.splat(89)), f32x4.splat(-104));
  // Adding 1.5 * 2^23 rounds to a whole number and leaves it in the low bits.
  const magic = f32x4.splat(12582912);
  const shifted = f32x4.add(f32x4.mul(x, f32x4.splat(1.44269504)), magic);
  const whole = f32x4.sub(shifted, magic);
  const n = i32x4.sub(shifted, magic);
  let r = f32x4.sub(x, f32x4.mul(whole, f32x4.splat(0.693359375)));
  r = f32x4.add(r, f32x4.mul(whole, f32x4.splat(2.12194440e-4)));
  let p = f32x4.splat(1.9875691500e-4);
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.3981999507e-3));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(8.3334519073e-3));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(4.1665795894e-2));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.6666665459e-1));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(5.0000001201e-1));
  const y = f32x4.add(f32x4.add(f32x4.mul(p, f32x4.mul(r, r)), r), f32x4.splat(1));
  // 2^n in two steps: n reaches from -150 to 128, more than one exponent holds.
  const half = i32x4.shr_s(n, 1);
  const one = i32x4.splat(0x3f800000);
  const scaled = f32x4.mul(y, i32x4.add(i32x4.shl(half, 23), one));
  return f32x4.mul(scaled, i32x4.add(i32x4.shl(i32x4.sub(n, half), 23), one));
}

/** Natural logarithm of a positive normal number: an atanh series around 1, error near double precision's own. */
export function logarithm(x: f64): f64 {
  if (!(x > 0 && x < Infinity)) return x == 0 ? -Infinity : x > 0 ? x : NaN;
  const bits = reinterpret<i64>(x);
  let exponent = <i32>(bits >> 52) - 1023;
  let mantissa = reinterpret<f64>((bits & 0x000fffffffffffff) | 0x3ff0000000000000);
  if (mantissa > 1.4142135623730951) {
    mantissa *= 0.5;
    exponent++;
  }
  const s = (mantissa - 1) / (mantissa + 1);
  const t = s * s;
  let series: f64 = 1.0 / 19;
  series = series * t + 1.0 / 17;
  series = series * t + 1.0 / 15;
  series = series * t + 1.0 / 13;
  series = series * t + 1.0 / 11;
  series = series * t + 1.0 / 9;
  series = series * t + 1.0 / 7;
  series = series * t + 1.0 / 5;
  series = series * t + 1.0 / 3;
  series = series * t + 1;
  return 2 * s * series + <f64>exponent * 0.6931471805599453;
}
