import { exp1, exp4, log1 } from "./exponential";
import { at, sumLanes } from "./memory";

/** The largest of `count` floats. */
// @ts-expect-error: decorator
@inline export function maximum(count: i32, x: usize): f32 {
  let best = f32x4.splat(-f32.MAX_VALUE);
  let i = 0;
  for (; i + 4 <= count; i += 4) best = f32x4.max(best, v128.load(at(x, i)));
  let top = max(max(f32x4.extract_lane(best, 0), f32x4.extract_lane(best, 1)), max(f32x4.extract_lane(best, 2), f32x4.extract_lane(best, 3)));
  for (; i < count; i++) top = max(top, f32.load(at(x, i)));
  return top;
}

/** `log Σ exp(scale · x)`. */
export function logSumExp(count: i32, x: usize, scale: f32): f32 {
  const top = maximum(count, x) * scale;
  const tops = f32x4.splat(top);
  const scales = f32x4.splat(scale);
  let sum = f32x4.splat(0);
  let i = 0;
  for (; i + 4 <= count; i += 4) sum = f32x4.add(sum, exp4(f32x4.sub(f32x4.mul(v128.load(at(x, i)), scales), tops)));
  let total = sumLanes(sum);
  for (; i < count; i++) total += exp1(f32.load(at(x, i)) * scale - top);
  return top + <f32>log1(<f64>total);
}

export function tokenLogProbs(rows: i32, vocabulary: i32, logits: usize, targets: usize, inverseTemperature: f32, logProbs: usize, entropy: usize, logSumExps: usize): void {
  const scales = f32x4.splat(inverseTemperature);
  for (let r = 0; r < rows; r++) {
    const target = load<i32>(at(targets, r));
    if (target < 0) {
      f32.store(at(logProbs, r), 0);
      f32.store(at(entropy, r), 0);
      f32.store(at(logSumExps, r), 0);
      continue;
    }
    const row = at(logits, r * vocabulary);
    const normalizer = logSumExp(vocabulary, row, inverseTemperature);
    f32.store(at(logSumExps, r), normalizer);
    f32.store(at(logProbs, r), f32.load(at(row, target)) * inverseTemperature - normalizer);
    const normalizers = f32x4.splat(normalizer);
    let sum = f32x4.splat(0);
    let i = 0;
    for (; i + 4 <= vocabulary; i += 4) {
      const log = f32x4.sub(f32x4.mul(v128.load(at(row, i)), scales), normalizers);
      sum = f32x4.add(sum, f32x4.mul(exp4(log), log));
    }
    let total = sumLanes(sum);
    for (; i < vocabulary; i++) {
      const log = f32.load(at(row, i)) * inverseTemperature - normalizer;
      total += exp1(log) * log;
    }
    f32.store(at(entropy, r), -total);
  }
}

export function tokenLogProbsGradient(rows: i32, vocabulary: i32, logits: usize, targets: usize, inverseTemperature: f32, logSumExps: usize, entropy: usize, dLogProbs: usize, dEntropy: usize): void {
  const scales = f32x4.splat(inverseTemperature);
  for (let r = 0; r < rows; r++) {
    const target = load<i32>(at(targets, r));
    const row = at(logits, r * vocabulary);
    if (target < 0) {
      memory.fill(row, 0, <usize>vocabulary << 2);
      continue;
    }
    const normalizer = f32.load(at(logSumExps, r));
    const normalizers = f32x4.splat(normalizer);
    const d = f32.load(at(dLogProbs, r));
    const e = f32.load(at(dEntropy, r));
    const h = f32.load(at(entropy, r));
    // d log p(target)/dz = onehot − p;  dH/dz = −p (log p + H)
    const ds = f32x4.splat(d);
    const es = f32x4.splat(e);
    const hs = f32x4.splat(h);
    let i = 0;
    for (; i + 4 <= vocabulary; i += 4) {
      const log = f32x4.sub(f32x4.mul(v128.load(at(row, i)), scales), normalizers);
      const slope = f32x4.neg(f32x4.add(ds, f32x4.mul(es, f32x4.add(log, hs))));
      v128.store(at(row, i), f32x4.mul(f32x4.mul(exp4(log), slope), scales));
    }
    for (; i < vocabulary; i++) {
      const log = f32.load(at(row, i)) * inverseTemperature - normalizer;
      f32.store(at(row, i), -exp1(log) * (d + e * (log + h)) * inverseTemperature);
    }
    const chosen = at(row, target);
    f32.store(chosen, f32.load(chosen) + d * inverseTemperature);
  }
}

export function klDivergence(rows: i32, vocabulary: i32, studentLogits: usize, teacherLogits: usize, mask: usize, direction: i32, value: usize, studentLogSumExp: usize, teacherLogSumExp: usize): void {
  for (let r = 0; r < rows; r++) {
    if (f32.load(at(mask, r)) == 0) {
      f32.store(at(value, r), 0);
      f32.store(at(studentLogSumExp, r), 0);
      f32.store(at(teacherLogSumExp, r), 0);
      continue;
    }
    const student = at(studentLogits, r * vocabulary);
    const teacher = at(teacherLogits, r * vocabulary);
    const s = logSumExp(vocabulary, student, 1);
    const t = logSumExp(vocabulary, teacher, 1);
    f32.store(at(studentLogSumExp, r), s);
    f32.store(at(teacherLogSumExp, r), t);
    const ss = f32x4.splat(s);
    const ts = f32x4.splat(t);
    let sum = f32x4.splat(0);
    let i = 0;
    for (; i + 4 <= vocabulary; i += 4) {
      const q = f32x4.sub(v128.load(at(student, i)), ss);
      const p = f32x4.sub(v128.load(at(teacher, i)), ts);
      sum = f32x4.add(sum, direction == 0 ? f32x4.mul(exp4(p), f32x4.sub(p, q)) : f32x4.mul(exp4(q), f32x4.sub(q, p)));
    }
    let total = sumLanes(sum);
    for (; i < vocabulary; i++) {
      const q = f32.load(at(student, i)) - s;
      const p = f32.load(at(teacher, i)) - t;
      total += direction == 0 ? exp1(p) * (p - q) : exp1(q) * (q - p);
    }
    f32.store(at(value, r), total);
  }
}

export function klDivergenceGradient(rows: i32, vocabulary: i32, studentLogits: usize, teacherLogits: usize, mask: usize, direction: i32, value: usize, studentLogSumExp: usize, teacherLogSumExp: usize, dValue: usize, dStudentLogits: usize): void {
  for (let r = 0; r < rows; r++) {
    const target = at(dStudentLogits, r * vocabulary);
    if (f32.load(at(mask, r)) == 0) {
      memory.fill(target, 0, <usize>vocabulary << 2);
      continue;
    }
    const student = at(studentLogits, r * vocabulary);
    const teacher = at(teacherLogits, r * vocabulary);
    const s = f32.load(at(studentLogSumExp, r));
    const t = f32.load(at(teacherLogSumExp, r));
    const d = f32.load(at(dValue, r));
    const kl = f32.load(at(value, r));
    const ss = f32x4.splat(s);
    const ts = f32x4.splat(t);
    const ds = f32x4.splat(d);
    const kls = f32x4.splat(kl);
    let i = 0;
    // forward: q − p;  reverse: q (log q − log p − KL)
    for (; i + 4 <= vocabulary; i += 4) {
      const q = f32x4.sub(v128.load(at(student, i)), ss);
      const p = f32x4.sub(v128.load(at(teacher, i)), ts);
      const slope = direction == 0 ? f32x4.sub(exp4(q), exp4(p)) : f32x4.mul(exp4(q), f32x4.sub(f32x4.sub(q, p), kls));
      v128.store(at(target, i), f32x4.mul(slope, ds));
    }
    for (; i < vocabulary; i++) {
      const q = f32.load(at(student, i)) - s;
      const p = f32.load(at(teacher, i)) - t;
      f32.store(at(target, i), (direction == 0 ? exp1(q) - exp1(p) : exp1(q) * (q - p - kl)) * d);
    }
  }
}
