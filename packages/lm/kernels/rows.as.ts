import { exp4, floatAt, put, sumLanes, take } from './math.as';
import { addInto } from './update.as';

export function embedding(rows: i32, width: i32, table: usize, ids: usize, out: usize): void {
  const bytes = <usize>width << 2;
  for (let r = 0; r < rows; r++) {
    memory.copy(out + <usize>r * bytes, table + <usize>load<i32>(floatAt(ids, r)) * bytes, bytes);
  }
}

export function embeddingGradient(rows: i32, width: i32, vocabulary: i32, ids: usize, dOut: usize, dTable: usize): void {
  const bytes = <usize>width << 2;
  memory.fill(dTable, 0, <usize>vocabulary * bytes);
  for (let r = 0; r < rows; r++) {
    addInto(width, dOut + <usize>r * bytes, dTable + <usize>load<i32>(floatAt(ids, r)) * bytes);
  }
}

// The steps below take `left` as a constant 4 in the main loops, where the branches of take and put then fold away.

// @ts-ignore: decorator
@inline
function normStep(i: i32, left: i32, row: usize, gain: usize, target: usize, scale: v128): void {
  const normed = f32x4.mul(take(floatAt(row, i), left), scale);
  put(floatAt(target, i), left, f32x4.mul(normed, take(floatAt(gain, i), left)));
}

/** y = x / sqrt(mean(x²) + epsilon) · gain. */
export function rmsNorm(rows: i32, width: i32, x: usize, gain: usize, epsilon: f32, y: usize, inverseRms: usize): void {
  const whole = width & ~3;
  for (let r = 0; r < rows; r++) {
    const row = floatAt(x, r * width);
    const target = floatAt(y, r * width);
    let squares = f32x4.splat(0);
    for (let i = 0; i < whole; i += 4) {
      const value = v128.load(floatAt(row, i));
      squares = f32x4.add(squares, f32x4.mul(value, value));
    }
    if (whole < width) {
      const value = take(floatAt(row, whole), width - whole);
      squares = f32x4.add(squares, f32x4.mul(value, value));
    }
    const inverse: f32 = 1 / sqrt<f32>(sumLanes(squares) / <f32>width + epsilon);
    store<f32>(floatAt(inverseRms, r), inverse);
    const scale = f32x4.splat(inverse);
    for (let i = 0; i < whole; i += 4) normStep(i, 4, row, gain, target, scale);
    if (whole < width) normStep(whole, width - whole, row, gain, target, scale);
  }
}

/** Adds dy·n to dGain and returns gain·dy·n. */
// @ts-ignore: decorator
@inline
function gainStep(i: i32, left: i32, row: usize, upstream: usize, gain: usize, dGain: usize, scale: v128): v128 {
  const slope = f32x4.mul(take(floatAt(upstream, i), left), f32x4.mul(take(floatAt(row, i), left), scale));
  const total = floatAt(dGain, i);
  put(total, left, f32x4.add(take(total, left), slope));
  return f32x4.mul(slope, take(floatAt(gain, i), left));
}

// @ts-ignore: decorator
@inline
function inputStep(
  i: i32, left: i32, row: usize, upstream: usize, gain: usize, target: usize, scale: v128, mean: v128,
): void {
  const normed = f32x4.mul(take(floatAt(row, i), left), scale);
  const scaled = f32x4.mul(take(floatAt(upstream, i), left), take(floatAt(gain, i), left));
  put(floatAt(target, i), left, f32x4.mul(f32x4.sub(scaled, f32x4.mul(normed, mean)), scale));
}

/** With n = x / rms: dx = (gain·dy − n · mean(gain·dy·n)) / rms, dGain = Σ over rows of dy·n. */
export function rmsNormGradient(
  rows: i32, width: i32, x: usize, gain: usize, inverseRms: usize, dy: usize, dx: usize, dGain: usize,
): void {
  const whole = width & ~3;
  memory.fill(dGain, 0, <usize>width << 2);
  for (let r = 0; r < rows; r++) {
    const row = floatAt(x, r * width);
    const upstream = floatAt(dy, r * width);
    const target = floatAt(dx, r * width);
    const scale = v128.load32_splat(floatAt(inverseRms, r));
    let products = f32x4.splat(0);
    for (let i = 0; i < whole; i += 4) {
      products = f32x4.add(products, gainStep(i, 4, row, upstream, gain, dGain, scale));
    }
    if (whole < width) {
      products = f32x4.add(products, gainStep(whole, width - whole, row, upstream, gain, dGain, scale));
    }
    const mean = f32x4.splat(sumLanes(products) / <f32>width);
    for (let i = 0; i < whole; i += 4) inputStep(i, 4, row, upstream, gain, target, scale, mean);
    if (whole < width) inputStep(whole, width - whole, row, upstream, gain, target, scale, mean);
  }
}

/** Rotates the pairs (i, i + headDim / 2) of every head by its position's angles, as Hugging Face's Llama does. */
export function rotary(
  tokens: i32, heads: i32, headDim: i32, x: usize, xRow: i32, positions: usize, cosSin: usize,
  y: usize, yRow: i32, direction: i32,
): void {
  const half = headDim >> 1;
  const sign = f32x4.splat(direction < 0 ? -1 : 1);
  for (let t = 0; t < tokens; t++) {
    const cosines = floatAt(cosSin, load<i32>(floatAt(positions, t)) * headDim);
    const sines = floatAt(cosines, half);
    for (let h = 0; h < heads; h++) {
      const row = floatAt(x, t * xRow + h * headDim);
      const target = floatAt(y, t * yRow + h * headDim);
      for (let i = 0; i < half; i += 4) {
        const left = half - i;
        const a = take(floatAt(row, i), left);
        const b = take(floatAt(row, half + i), left);
        const cosine = take(floatAt(cosines, i), left);
        const sine = f32x4.mul(take(floatAt(sines, i), left), sign);
        put(floatAt(target, i), left, f32x4.sub(f32x4.mul(a, cosine), f32x4.mul(b, sine)));
        put(floatAt(target, half + i), left, f32x4.add(f32x4.mul(b, cosine), f32x4.mul(a, sine)));
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function sigmoid(x: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.div(one, f32x4.add(one, exp4(f32x4.neg(x))));
}

/** y = gate · sigmoid(gate) · up. */
export function swiglu(rows: i32, width: i32, gateUp: usize, y: usize): void {
  for (let r = 0; r < rows; r++) {
    const gates = floatAt(gateUp, 2 * r * width);
    const ups = floatAt(gates, width);
    const target = floatAt(y, r * width);
    for (let i = 0; i < width; i += 4) {
      const left = width - i;
      const gate = take(floatAt(gates, i), left);
      put(floatAt(target, i), left, f32x4.mul(f32x4.mul(gate, sigmoid(gate)), take(floatAt(ups, i), left)));
    }
  }
}

/** silu'(g) = s · (1 + g · (1 − s)) with s = sigmoid(g). */
export function swigluGradient(rows: i32, width: i32, gateUp: usize, dy: usize, dGateUp: usize): void {
  const one = f32x4.splat(1);
  for (let r = 0; r < rows; r++) {
    const gates = floatAt(gateUp, 2 * r * width);
    const ups = floatAt(gates, width);
    const upstream = floatAt(dy, r * width);
    const dGates = floatAt(dGateUp, 2 * r * width);
    const dUps = floatAt(dGates, width);
    for (let i = 0; i < width; i += 4) {
      const left = width - i;
      const gate = take(floatAt(gates, i), left);
      const up = take(floatAt(ups, i), left);
      const d = take(floatAt(upstream, i), left);
      const s = sigmoid(gate);
      const slope = f32x4.mul(s, f32x4.add(one, f32x4.mul(gate, f32x4.sub(one, s))));
      put(floatAt(dGates, i), left, f32x4.mul(f32x4.mul(d, up), slope));
      put(floatAt(dUps, i), left, f32x4.mul(d, f32x4.mul(gate, s)));
    }
  }
}
