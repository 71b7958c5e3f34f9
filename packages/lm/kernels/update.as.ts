import { floatAt, put, take } from './math.as';

/**
 * Loshchilov & Hutter, "Decoupled Weight Decay Regularization" (2019), algorithm 2, in the form of torch.optim.AdamW.
 * The hyperparameters are double precision: 1 - beta2 loses half its digits in single precision.
 */
export function adamW(
  count: i32, parameter: usize, gradient: usize, m: usize, v: usize, learningRate: f64, beta1: f64, beta2: f64,
  epsilon: f64, weightDecay: f64, biasCorrection1: f64, biasCorrection2: f64, gradientScale: f64,
): void {
  const keep = f32x4.splat(<f32>(1 - learningRate * weightDecay));
  const step = f32x4.splat(<f32>(learningRate / biasCorrection1));
  const inverseRoot = f32x4.splat(<f32>(1 / sqrt<f64>(biasCorrection2)));
  const b1 = f32x4.splat(<f32>beta1), rest1 = f32x4.splat(<f32>(1 - beta1));
  const b2 = f32x4.splat(<f32>beta2), rest2 = f32x4.splat(<f32>(1 - beta2));
  const eps = f32x4.splat(<f32>epsilon);
  const scale = f32x4.splat(<f32>gradientScale);
  for (let i = 0; i < count; i += 4) {
    const left = count - i;
    const g = f32x4.mul(take(floatAt(gradient, i), left), scale);
    const first = f32x4.add(f32x4.mul(take(floatAt(m, i), left), b1), f32x4.mul(g, rest1));
    const second = f32x4.add(f32x4.mul(take(floatAt(v, i), left), b2), f32x4.mul(f32x4.mul(g, g), rest2));
    put(floatAt(m, i), left, first);
    put(floatAt(v, i), left, second);
    const root = f32x4.add(f32x4.mul(f32x4.sqrt(second), inverseRoot), eps);
    const kept = f32x4.mul(take(floatAt(parameter, i), left), keep);
    put(floatAt(parameter, i), left, f32x4.sub(kept, f32x4.div(f32x4.mul(first, step), root)));
  }
}

/** Σ x², in double precision throughout. */
export function sumOfSquares(count: i32, x: usize): f64 {
  let low = f64x2.splat(0), high = f64x2.splat(0);
  for (let i = 0; i < count; i += 4) {
    const value = take(floatAt(x, i), count - i);
    const a = f64x2.promote_low_f32x4(value);
    const b = f64x2.promote_low_f32x4(v128.shuffle<f64>(value, value, 1, 1));
    low = f64x2.add(low, f64x2.mul(a, a));
    high = f64x2.add(high, f64x2.mul(b, b));
  }
  const sum = f64x2.add(low, high);
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

/** y += x. */
export function addInto(count: i32, x: usize, y: usize): void {
  for (let i = 0; i < count; i += 4) {
    const left = count - i;
    put(floatAt(y, i), left, f32x4.add(take(floatAt(y, i), left), take(floatAt(x, i), left)));
  }
}

/** x *= s. */
export function scaleInto(count: i32, s: f32, x: usize): void {
  const scale = f32x4.splat(s);
  for (let i = 0; i < count; i += 4) {
    const left = count - i;
    put(floatAt(x, i), left, f32x4.mul(take(floatAt(x, i), left), scale));
  }
}
