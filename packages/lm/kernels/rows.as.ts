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

/** y = x / sqrt(mean(x²) + epsilon) · gain. */
export function rmsNorm(rows: i32, width: i32, x: usize, gain: usize, epsilon: f32, y: usize, inverseRms: usize): void {
  for (let r = 0; r < rows; r++) {
    const row = floatAt(x, r * width);
    const target = floatAt(y, r * width);
    let squares = f32x4.splat(0);
    for (let i = 0; i < width; i += 4) {
      const value = take(floatAt(row, i), width - i);
      squares = f32x4.add(squares, f32x4.mul(value, value));
    }
    const inverse: f32 = 1 / sqrt<f32>(sumLanes(squares) / <f32>width + epsilon);
    store<f32>(floatAt(inverseRms, r), inverse);
    const scale = f32x4.splat(inverse);
    for (let i = 0; i < width; i += 4) {
      const left = width - i;
      const normed = f32x4.mul(take(floatAt(row, i), left), scale);
      put(floatAt(target, i), left, f32x4.mul(normed, take(floatAt(gain, i), left)));
    }
  }
}

/** With n = x / rms: dx = (gain·dy − n · mean(gain·dy·n)) / rms, dGain = Σ over rows of dy·n. */
export function rmsNormGradient(
  rows: i32, width: i32, x: usize, gain: usize, inverseRms: usize, dy: usize, dx: usize, dGain: usize,
): void {
  memory.fill(dGain, 0, <usize>width << 2);
  for (let r = 0; r < rows; r++) {
    const row = floatAt(x, r * width);
    const upstream = floatAt(dy, r * width);
    const target = floatAt(dx, r * width);
    const scale = v128.load32_splat(floatAt(inverseRms, r));
    let products = f32x4.splat(0);
    for (let i = 0; i < width; i += 4) {
      const left = width - i;
      const slope = f32x4.mul(take(floatAt(upstream, i), left), f32x4.mul(take(floatAt(row, i), left), scale));
      const total = floatAt(dGain, i);
      put(total, left, f32x4.add(take(total, left), slope));
      products = f32x4.add(products, f32x4.mul(slope, take(floatAt(gain, i), left)));
    }
    const mean = f32x4.splat(sumLanes(products) / <f32>width);
    for (let i = 0; i < width; i += 4) {
      const left = width - i;
      const normed = f32x4.mul(take(floatAt(row, i), left), scale);
      const scaled = f32x4.mul(take(floatAt(upstream, i), left), take(floatAt(gain, i), left));
      put(floatAt(target, i), left, f32x4.mul(f32x4.sub(scaled, f32x4.mul(normed, mean)), scale));
    }
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
