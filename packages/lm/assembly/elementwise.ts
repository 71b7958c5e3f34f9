import { exp1, exp4 } from './exponential';
import { at, sumLanes } from './memory';

export function embedding(rows: i32, width: i32, table: usize, ids: usize, out: usize): void {
  const bytes = (<usize>width) << 2;
  for (let r = 0; r < rows; r++) {
    memory.copy(out + <usize>r * bytes, table + <usize>load<i32>(at(ids, r)) * bytes, bytes);
  }
}

export function addInto(count: i32, x: usize, y: usize): void {
  let i = 0;
  for (; i + 4 <= count; i += 4) v128.store(at(y, i), f32x4.add(v128.load(at(y, i)), v128.load(at(x, i))));
  for (; i < count; i++) f32.store(at(y, i), f32.load(at(y, i)) + f32.load(at(x, i)));
}

export function embeddingGradient(
  rows: i32,
  width: i32,
  vocabulary: i32,
  ids: usize,
  dOut: usize,
  dTable: usize,
): void {
  const bytes = (<usize>width) << 2;
  memory.fill(dTable, 0, <usize>vocabulary * bytes);
  for (let r = 0; r < rows; r++) {
    addInto(width, dOut + <usize>r * bytes, dTable + <usize>load<i32>(at(ids, r)) * bytes);
  }
}

export function rmsNorm(rows: i32, width: i32, x: usize, gain: usize, epsilon: f32, y: usize, inverseRms: usize): void {
  for (let r = 0; r < rows; r++) {
    const source = at(x, r * width);
    const target = at(y, r * width);
    let sum = f32x4.splat(0);
    let i = 0;
    for (; i + 4 <= width; i += 4) {
      const value = v128.load(at(source, i));
      sum = f32x4.add(sum, f32x4.mul(value, value));
    }
    let total = sumLanes(sum);
    for (; i < width; i++) total += f32.load(at(source, i)) * f32.load(at(source, i));
    const inverse: f32 = <f32>(1.0 / Math.sqrt(<f64>(total / <f32>width + epsilon)));
    f32.store(at(inverseRms, r), inverse);
    const scale = f32x4.splat(inverse);
    for (i = 0; i + 4 <= width; i += 4) {
      v128.store(at(target, i), f32x4.mul(f32x4.mul(v128.load(at(source, i)), scale), v128.load(at(gain, i))));
    }
    for (; i < width; i++) f32.store(at(target, i), f32.load(at(source, i)) * inverse * f32.load(at(gain, i)));
  }
}

export function rmsNormGradient(
  rows: i32,
  width: i32,
  x: usize,
  gain: usize,
  inverseRms: usize,
  dy: usize,
  dx: usize,
  dGain: usize,
): void {
  memory.fill(dGain, 0, (<usize>width) << 2);
  for (let r = 0; r < rows; r++) {
    const source = at(x, r * width);
    const upstream = at(dy, r * width);
    const target = at(dx, r * width);
    const inverse = f32.load(at(inverseRms, r));
    const scale = f32x4.splat(inverse);
    let sum = f32x4.splat(0);
    let i = 0;
    for (; i + 4 <= width; i += 4) {
      const normed = f32x4.mul(v128.load(at(source, i)), scale);
      const gradient = v128.load(at(upstream, i));
      v128.store(at(dGain, i), f32x4.add(v128.load(at(dGain, i)), f32x4.mul(gradient, normed)));
      sum = f32x4.add(sum, f32x4.mul(f32x4.mul(gradient, v128.load(at(gain, i))), normed));
    }
    let total = sumLanes(sum);
    for (; i < width; i++) {
      const normed = f32.load(at(source, i)) * inverse;
      const gradient = f32.load(at(upstream, i));
      f32.store(at(dGain, i), f32.load(at(dGain, i)) + gradient * normed);
      total += gradient * f32.load(at(gain, i)) * normed;
    }
    // dx = (g·dy − normed · mean(g·dy·normed)) / rms
    const mean = total / <f32>width;
    const means = f32x4.splat(mean);
    for (i = 0; i + 4 <= width; i += 4) {
      const normed = f32x4.mul(v128.load(at(source, i)), scale);
      const scaled = f32x4.mul(v128.load(at(upstream, i)), v128.load(at(gain, i)));
      v128.store(at(target, i), f32x4.mul(f32x4.sub(scaled, f32x4.mul(normed, means)), scale));
    }
    for (; i < width; i++) {
      const normed = f32.load(at(source, i)) * inverse;
      f32.store(at(target, i), (f32.load(at(upstream, i)) * f32.load(at(gain, i)) - normed * mean) * inverse);
    }
  }
}

export function rotary(
  tokens: i32,
  heads: i32,
  headDim: i32,
  x: usize,
  xRow: i32,
  positions: usize,
  cosSin: usize,
  y: usize,
  yRow: i32,
  direction: i32,
): void {
  const half = headDim >> 1;
  const sign: f32 = direction < 0 ? -1 : 1;
  const signs = f32x4.splat(sign);
  for (let t = 0; t < tokens; t++) {
    const cosine = at(cosSin, load<i32>(at(positions, t)) * headDim);
    const sine = at(cosine, half);
    for (let h = 0; h < heads; h++) {
      const source = at(x, t * xRow + h * headDim);
      const target = at(y, t * yRow + h * headDim);
      let i = 0;
      for (; i + 4 <= half; i += 4) {
        const a = v128.load(at(source, i));
        const b = v128.load(at(source, i + half));
        const c = v128.load(at(cosine, i));
        const s = f32x4.mul(v128.load(at(sine, i)), signs);
        v128.store(at(target, i), f32x4.sub(f32x4.mul(a, c), f32x4.mul(b, s)));
        v128.store(at(target, i + half), f32x4.add(f32x4.mul(b, c), f32x4.mul(a, s)));
      }
      for (; i < half; i++) {
        const a = f32.load(at(source, i));
        const b = f32.load(at(source, i + half));
        const c = f32.load(at(cosine, i));
        const s = f32.load(at(sine, i)) * sign;
        f32.store(at(target, i), a * c - b * s);
        f32.store(at(target, i + half), b * c + a * s);
      }
    }
  }
}

export function swiglu(rows: i32, width: i32, gateUp: usize, y: usize): void {
  const one = f32x4.splat(1);
  for (let r = 0; r < rows; r++) {
    const gate = at(gateUp, r * 2 * width);
    const up = at(gate, width);
    const target = at(y, r * width);
    let i = 0;
    for (; i + 4 <= width; i += 4) {
      const g = v128.load(at(gate, i));
      const sigmoid = f32x4.div(one, f32x4.add(one, exp4(f32x4.neg(g))));
      v128.store(at(target, i), f32x4.mul(f32x4.mul(g, sigmoid), v128.load(at(up, i))));
    }
    for (; i < width; i++) {
      const g = f32.load(at(gate, i));
      const sigmoid: f32 = 1 / (1 + exp1(-g));
      f32.store(at(target, i), g * sigmoid * f32.load(at(up, i)));
    }
  }
}

export function swigluGradient(rows: i32, width: i32, gateUp: usize, dy: usize, dGateUp: usize): void {
  const one = f32x4.splat(1);
  for (let r = 0; r < rows; r++) {
    const gate = at(gateUp, r * 2 * width);
    const up = at(gate, width);
    const upstream = at(dy, r * width);
    const dGate = at(dGateUp, r * 2 * width);
    const dUp = at(dGate, width);
    let i = 0;
    for (; i + 4 <= width; i += 4) {
      const g = v128.load(at(gate, i));
      const d = v128.load(at(upstream, i));
      const sigmoid = f32x4.div(one, f32x4.add(one, exp4(f32x4.neg(g))));
      const silu = f32x4.mul(g, sigmoid);
      v128.store(at(dUp, i), f32x4.mul(d, silu));
      // silu' = sigmoid · (1 + g · (1 − sigmoid))
      const slope = f32x4.mul(sigmoid, f32x4.add(one, f32x4.mul(g, f32x4.sub(one, sigmoid))));
      v128.store(at(dGate, i), f32x4.mul(f32x4.mul(d, v128.load(at(up, i))), slope));
    }
    for (; i < width; i++) {
      const g = f32.load(at(gate, i));
      const d = f32.load(at(upstream, i));
      const sigmoid: f32 = 1 / (1 + exp1(-g));
      f32.store(at(dUp, i), d * g * sigmoid);
      f32.store(at(dGate, i), d * f32.load(at(up, i)) * sigmoid * (1 + g * (1 - sigmoid)));
    }
  }
}

export function adamW(
  count: i32,
  parameter: usize,
  gradient: usize,
  m: usize,
  v: usize,
  learningRate: f32,
  beta1: f32,
  beta2: f32,
  epsilon: f32,
  weightDecay: f32,
  biasCorrection1: f32,
  biasCorrection2: f32,
  gradientScale: f32,
): void {
  const keep: f32 = 1 - learningRate * weightDecay;
  for (let i = 0; i < count; i++) {
    const g = f32.load(at(gradient, i)) * gradientScale;
    const first = f32.load(at(m, i)) * beta1 + g * (1 - beta1);
    const second = f32.load(at(v, i)) * beta2 + g * g * (1 - beta2);
    f32.store(at(m, i), first);
    f32.store(at(v, i), second);
    const scale = Mathf.sqrt(second / biasCorrection2) + epsilon;
    f32.store(at(parameter, i), f32.load(at(parameter, i)) * keep - (learningRate * (first / biasCorrection1)) / scale);
  }
}
