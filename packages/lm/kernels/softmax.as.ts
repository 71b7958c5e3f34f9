import { exp4, floatAt, logarithm, maxLanes, put, sumLanesDouble, take } from './math.as';

/** Sums run in single precision within a chunk and in double precision across chunks. */
const CHUNK: i32 = 1024;
/** Stands for the logarithm of 0: its exponential is 0 and, unlike -Infinity, so is their product. */
const LOG_ZERO: f32 = -1e30;

function maximum(count: i32, x: usize, scale: f32): f32 {
  const scales = f32x4.splat(scale);
  let tops = f32x4.splat(-Infinity);
  let i = 0;
  for (; i + 4 <= count; i += 4) tops = f32x4.max(tops, f32x4.mul(v128.load(floatAt(x, i)), scales));
  let top = maxLanes(tops);
  for (; i < count; i++) top = max(top, load<f32>(floatAt(x, i)) * scale);
  return top;
}

/** Scaled values less `shift`, at least LOG_ZERO; a NaN stays. */
// @ts-ignore: decorator
@inline
function shifted(address: usize, left: i32, scale: v128, shift: v128): v128 {
  const floor = f32x4.splat(LOG_ZERO);
  const x = f32x4.sub(f32x4.mul(take(address, left), scale), shift);
  const value = f32x4.pmax(x, floor);
  if (left >= 4) return value;
  // Lanes past the end count as the logarithm of 0.
  return v128.bitselect(value, floor, i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(left)));
}

/** The first place of the largest value; 0 where there is none, as among NaN. */
export function argmax(count: i32, x: usize): i32 {
  const top = maximum(count, x, 1);
  const tops = f32x4.splat(top);
  let i = 0;
  while (i + 4 <= count && !v128.any_true(f32x4.eq(v128.load(floatAt(x, i)), tops))) i += 4;
  for (; i < count; i++) if (load<f32>(floatAt(x, i)) == top) return i;
  return 0;
}

/** y = exp((x − shift) · scale). Returns their sum, in double precision throughout. */
export function exponentials(count: i32, x: usize, scale: f32, shift: f32, y: usize): f64 {
  const scales = f32x4.splat(scale), shifts = f32x4.splat(shift);
  let low = f64x2.splat(0), high = f64x2.splat(0);
  const whole = count & ~3;
  for (let i = 0; i < whole; i += 4) {
    const e = exp4(f32x4.mul(f32x4.sub(v128.load(floatAt(x, i)), shifts), scales));
    v128.store(floatAt(y, i), e);
    low = f64x2.add(low, f64x2.promote_low_f32x4(e));
    high = f64x2.add(high, f64x2.promote_low_f32x4(v128.shuffle<f64>(e, e, 1, 1)));
  }
  if (whole < count) {
    const left = count - whole;
    const e = exp4(f32x4.mul(f32x4.sub(take(floatAt(x, whole), left, -Infinity), shifts), scales));
    put(floatAt(y, whole), left, e);
    low = f64x2.add(low, f64x2.promote_low_f32x4(e));
    high = f64x2.add(high, f64x2.promote_low_f32x4(v128.shuffle<f64>(e, e, 1, 1)));
  }
  const sum = f64x2.add(low, high);
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

/** Of the distribution softmax(logits · inverseTemperature); entropy in nats. */
export function tokenLogProbs(
  rows: i32, vocabulary: i32, logits: usize, targets: usize, inverseTemperature: f32,
  logProbs: usize, entropy: usize, logSumExp: usize,
): void {
  const scale = f32x4.splat(inverseTemperature);
  for (let r = 0; r < rows; r++) {
    const row = floatAt(logits, r * vocabulary);
    const target = load<i32>(floatAt(targets, r));
    let logProb: f32 = 0, uncertainty: f32 = 0, normalizer: f32 = 0;
    if (target >= 0) {
      const top = maximum(vocabulary, row, inverseTemperature);
      const tops = f32x4.splat(top);
      let sum: f64 = 0, moment: f64 = 0;
      for (let start = 0; start < vocabulary; start += CHUNK) {
        const end = min(vocabulary, start + CHUNK);
        let sums = f32x4.splat(0), moments = f32x4.splat(0);
        for (let i = start; i < end; i += 4) {
          const z = shifted(floatAt(row, i), vocabulary - i, scale, tops);
          const e = exp4(z);
          sums = f32x4.add(sums, e);
          moments = f32x4.add(moments, f32x4.mul(e, z));
        }
        sum += sumLanesDouble(sums);
        moment += sumLanesDouble(moments);
      }
      const log = logarithm(sum);
      logProb = <f32>(<f64>(load<f32>(floatAt(row, target)) * inverseTemperature) - <f64>top - log);
      uncertainty = <f32>(log - moment / sum);
      normalizer = <f32>(<f64>top + log);
    }
    store<f32>(floatAt(logProbs, r), logProb);
    store<f32>(floatAt(entropy, r), uncertainty);
    store<f32>(floatAt(logSumExp, r), normalizer);
  }
}

/** d log p(target) / dz = 1[target] − p and dH / dz = −p · (log p + H), for z = logits · inverseTemperature. */
export function tokenLogProbsGradient(
  rows: i32, vocabulary: i32, logits: usize, targets: usize, inverseTemperature: f32,
  logSumExp: usize, entropy: usize, dLogProbs: usize, dEntropy: usize,
): void {
  const scale = f32x4.splat(inverseTemperature);
  for (let r = 0; r < rows; r++) {
    const row = floatAt(logits, r * vocabulary);
    const target = load<i32>(floatAt(targets, r));
    if (target < 0) {
      memory.fill(row, 0, <usize>vocabulary << 2);
      continue;
    }
    const normalizer = v128.load32_splat(floatAt(logSumExp, r));
    const uncertainty = v128.load32_splat(floatAt(entropy, r));
    const dEntropies = v128.load32_splat(floatAt(dEntropy, r));
    const dLogProb = load<f32>(floatAt(dLogProbs, r));
    const dLogProbRow = f32x4.splat(dLogProb);
    for (let i = 0; i < vocabulary; i += 4) {
      const log = shifted(floatAt(row, i), vocabulary - i, scale, normalizer);
      const slope = f32x4.add(dLogProbRow, f32x4.mul(dEntropies, f32x4.add(log, uncertainty)));
      put(floatAt(row, i), vocabulary - i, f32x4.neg(f32x4.mul(f32x4.mul(exp4(log), slope), scale)));
    }
    const chosen = floatAt(row, target);
    store<f32>(chosen, load<f32>(chosen) + dLogProb * inverseTemperature);
  }
}

/** Direction 0: Σ p_teacher · (log p_teacher − log p_student); 1: the same with the roles exchanged. In nats. */
export function klDivergence(
  rows: i32, vocabulary: i32, studentLogits: usize, teacherLogits: usize, mask: usize, direction: i32,
  value: usize, studentLogSumExp: usize, teacherLogSumExp: usize,
): void {
  const one = f32x4.splat(1);
  for (let r = 0; r < rows; r++) {
    let divergence: f32 = 0, studentNormalizer: f32 = 0, teacherNormalizer: f32 = 0;
    if (load<f32>(floatAt(mask, r)) != 0) {
      const student = floatAt(studentLogits, r * vocabulary);
      const teacher = floatAt(teacherLogits, r * vocabulary);
      const studentTop = maximum(vocabulary, student, 1);
      const teacherTop = maximum(vocabulary, teacher, 1);
      const studentTops = f32x4.splat(studentTop), teacherTops = f32x4.splat(teacherTop);
      let studentSum: f64 = 0, teacherSum: f64 = 0, moment: f64 = 0;
      for (let start = 0; start < vocabulary; start += CHUNK) {
        const end = min(vocabulary, start + CHUNK);
        let studentSums = f32x4.splat(0), teacherSums = f32x4.splat(0), moments = f32x4.splat(0);
        for (let i = start; i < end; i += 4) {
          const s = shifted(floatAt(student, i), vocabulary - i, one, studentTops);
          const t = shifted(floatAt(teacher, i), vocabulary - i, one, teacherTops);
          const q = exp4(s), p = exp4(t);
          studentSums = f32x4.add(studentSums, q);
          teacherSums = f32x4.add(teacherSums, p);
          moments = f32x4.add(moments, direction == 0 ? f32x4.mul(p, f32x4.sub(t, s)) : f32x4.mul(q, f32x4.sub(s, t)));
        }
        studentSum += sumLanesDouble(studentSums);
        teacherSum += sumLanesDouble(teacherSums);
        moment += sumLanesDouble(moments);
      }
      const studentLog = logarithm(studentSum), teacherLog = logarithm(teacherSum);
      divergence = <f32>(direction == 0
        ? moment / teacherSum - teacherLog + studentLog
        : moment / studentSum - studentLog + teacherLog);
      studentNormalizer = <f32>(<f64>studentTop + studentLog);
      teacherNormalizer = <f32>(<f64>teacherTop + teacherLog);
    }
    store<f32>(floatAt(value, r), divergence);
    store<f32>(floatAt(studentLogSumExp, r), studentNormalizer);
    store<f32>(floatAt(teacherLogSumExp, r), teacherNormalizer);
  }
}

/** With student q and teacher p: direction 0 gives q − p, direction 1 gives q · (log q − log p − KL). */
export function klDivergenceGradient(
  rows: i32, vocabulary: i32, studentLogits: usize, teacherLogits: usize, mask: usize, direction: i32,
  value: usize, studentLogSumExp: usize, teacherLogSumExp: usize, dValue: usize, dStudentLogits: usize,
): void {
  const one = f32x4.splat(1);
  for (let r = 0; r < rows; r++) {
    const target = floatAt(dStudentLogits, r * vocabulary);
    if (load<f32>(floatAt(mask, r)) == 0) {
      memory.fill(target, 0, <usize>vocabulary << 2);
      continue;
    }
    const student = floatAt(studentLogits, r * vocabulary);
    const teacher = floatAt(teacherLogits, r * vocabulary);
    const studentNormalizer = v128.load32_splat(floatAt(studentLogSumExp, r));
    const teacherNormalizer = v128.load32_splat(floatAt(teacherLogSumExp, r));
    const divergence = v128.load32_splat(floatAt(value, r));
    const upstream = v128.load32_splat(floatAt(dValue, r));
    for (let i = 0; i < vocabulary; i += 4) {
      const left = vocabulary - i;
      const s = shifted(floatAt(student, i), left, one, studentNormalizer);
      const t = shifted(floatAt(teacher, i), left, one, teacherNormalizer);
      const q = exp4(s);
      const slope = direction == 0
        ? f32x4.sub(q, exp4(t))
        : f32x4.mul(q, f32x4.sub(f32x4.sub(s, t), divergence));
      put(floatAt(target, i), left, f32x4.mul(slope, upstream));
    }
  }
}
