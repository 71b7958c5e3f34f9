import type { DivergenceName } from '../divergence-terms.js';

export interface ReferenceOptions {
  name: DivergenceName;
  student: readonly number[];
  teacher: readonly number[];
  /** @default 0.1 */
  beta?: number;
  /** @default 0.1 */
  lambda?: number;
  /** @default 0.5 */
  headThreshold?: number;
  /** @default 1 */
  temperature?: number;
  /** Holds the weight of the head in `adaptive-kl`, which no gradient flows through. @default what it is at these logits */
  headShare?: number;
}

export const softmax = (z: readonly number[]): number[] => {
  const top = Math.max(...z);
  const exps = z.map((value) => Math.exp(value - top));
  const sum = exps.reduce((total, value) => total + value, 0);
  return exps.map((value) => value / sum);
};

/** A distribution as `teacher·p + student·q`. */
interface Mixture {
  teacher: number;
  student: number;
}
const p: Mixture = { teacher: 1, student: 0 };
const q: Mixture = { teacher: 0, student: 1 };
const mix = (weight: number): Mixture => ({ teacher: weight, student: 1 - weight });

const distributionsOf = ({ student, teacher, temperature = 1 }: ReferenceOptions) => ({
  studentProbs: softmax(student.map((value) => value / temperature)),
  teacherProbs: softmax(teacher.map((value) => value / temperature)),
});

const isPossible = ({ student, teacher }: ReferenceOptions, v: number) =>
  student[v] !== -Infinity && teacher[v] !== -Infinity;

/** The weight of `fkl` in `adaptive-kl`: sorted by the teacher, with what ties with the last token of the head. */
export function headShareReference(options: ReferenceOptions): number {
  const { headThreshold = 0.5 } = options;
  const { studentProbs, teacherProbs } = distributionsOf(options);
  let mass = 0;
  const top = [...teacherProbs]
    .sort((a, b) => b - a)
    .filter((prob, rank) => {
      mass += prob;
      return rank === 0 || mass <= headThreshold;
    });
  const last = top.at(-1) as number;
  let head = 0;
  let whole = 0;
  teacherProbs.forEach((prob, v) => {
    const gap = isPossible(options, v) ? Math.abs(prob - (studentProbs[v] as number)) : 0;
    whole += gap;
    if (prob >= last) head += gap;
  });
  return whole === 0 ? 0.5 : head / whole;
}

/** Every divergence but `tvd` as a weighted sum of KL(from ‖ to). */
function klSumOf(options: ReferenceOptions): [weight: number, from: Mixture, to: Mixture][] {
  const { name, beta = 0.1, lambda = 0.1 } = options;
  switch (name) {
    case 'fkl':
      return [[1, p, q]];
    case 'rkl':
      return [[1, q, p]];
    case 'js':
      if (beta === 0) return [[1, p, q]];
      if (beta === 1) return [[1, q, p]];
      return [
        [1 - beta, q, mix(beta)],
        [beta, p, mix(beta)],
      ];
    case 'skew-fkl':
      return [[1, p, mix(lambda)]];
    case 'skew-rkl':
      return [[1, q, mix(1 - lambda)]];
    case 'adaptive-kl': {
      const share = options.headShare ?? headShareReference(options);
      return [
        [share, p, q],
        [1 - share, q, p],
      ];
    }
    case 'tvd':
      return [];
  }
}

/** The divergences of one row in float64, written as their definitions, and the gradient to the student's logits in closed form. */
export function divergenceReference(options: ReferenceOptions): { value: number; gradient: number[] } {
  const { studentProbs, teacherProbs } = distributionsOf(options);
  const klSum = klSumOf(options);
  let value = 0;
  const slopes = studentProbs.map((studentProb, v) => {
    const teacherProb = teacherProbs[v] as number;
    if (!isPossible(options, v)) return 0;
    if (options.name === 'tvd') {
      value += Math.abs(teacherProb - studentProb) / 2;
      return Math.sign(studentProb - teacherProb) / 2;
    }
    const at = (mixture: Mixture) => mixture.teacher * teacherProb + mixture.student * studentProb;
    return klSum.reduce((sum, [weight, from, to]) => {
      if (at(from) === 0) return sum;
      const ratio = at(from) / at(to);
      value += weight * at(from) * Math.log(ratio);
      return sum + weight * (from.student * (Math.log(ratio) + 1) - ratio * to.student);
    }, 0);
  });
  const mean = slopes.reduce((sum, slope, v) => sum + slope * (studentProbs[v] as number), 0);
  const { temperature = 1 } = options;
  return { value, gradient: slopes.map((slope, v) => ((studentProbs[v] as number) * (slope - mean)) / temperature) };
}
