import { expect, it } from 'vitest';
import { sampledAdvantages } from './sampled-guide.js';

const student = [Float32Array.of(-1, -2, -3), Float32Array.of(-0.5)];
const teacher = [Float32Array.of(-1.5, -1, -1), Float32Array.of(-0.25)];

const listed = (rows: readonly Float32Array[]) => rows.map((row) => [...row]);

it('opd: every token has its own difference', () => {
  const { advantages, klMean } = sampledAdvantages({
    objective: 'opd',
    studentLogProbs: student,
    teacherLogProbs: teacher,
  });
  expect(listed(advantages)).toEqual([[-0.5, 1, 2], [0.25]]);
  expect(klMean).toBeCloseTo(-(-0.5 + 1 + 2 + 0.25) / 4, 6);
});

it('minillm: the mean difference of the tokens after it', () => {
  const options = { objective: 'minillm' as const, studentLogProbs: student, teacherLogProbs: teacher };
  expect(listed(sampledAdvantages(options).advantages)).toEqual([[1.5, 2, 0], [0]]);
});

const softmax = (logits: readonly number[]) => {
  const weights = logits.map(Math.exp);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
};

const sumOver = (count: number, value: (index: number) => number) =>
  Array.from({ length: count }, (_, index) => value(index)).reduce((total, part) => total + part, 0);

it('minillm: on sequences of two tokens, the exact step and the sampled rest are the gradient of the KL of sequences', () => {
  const vocabulary = [0, 1, 2] as const;
  const q1 = [0.3, -0.4, 0.9];
  const q2 = [
    [0.1, 0.7, -0.2],
    [-1, 0.5, 0.4],
    [0.6, -0.3, 0.2],
  ];
  const p1 = softmax([1, 0.2, -0.5]);
  const p2 = [softmax([0.4, 0, 0.8]), softmax([0.3, -0.7, 0]), softmax([-0.2, 0.9, 0.1])];
  const at = (list: readonly number[], index: number) => list[index] as number;
  const second = (first: number) => softmax(q2[first] as number[]);

  /** KL(student ‖ teacher) of whole sequences for logits of the first token. */
  const sequenceKl = (logits: readonly number[]) => {
    const first = softmax(logits);
    return sumOver(3, (a) => {
      const later = sumOver(3, (b) => at(second(a), b) * Math.log(at(second(a), b) / at(p2[a] as number[], b)));
      return at(first, a) * (Math.log(at(first, a) / at(p1, a)) + later);
    });
  };
  const step = 1e-5;
  const shifted = (index: number, by: number) => q1.map((value, place) => (place === index ? value + by : value));
  const expected = vocabulary.map(
    (index) => (sequenceKl(shifted(index, step)) - sequenceKl(shifted(index, -step))) / (2 * step),
  );

  const first = softmax(q1);
  const oneStep = sumOver(3, (a) => at(first, a) * Math.log(at(first, a) / at(p1, a)));
  const exact = vocabulary.map((index) => at(first, index) * (Math.log(at(first, index) / at(p1, index)) - oneStep));
  const pairs = vocabulary.flatMap((a) => vocabulary.map((b) => [a, b] as const));
  const { advantages } = sampledAdvantages({
    objective: 'minillm',
    studentLogProbs: pairs.map(([a, b]) => Float32Array.of(Math.log(at(first, a)), Math.log(at(second(a), b)))),
    teacherLogProbs: pairs.map(([a, b]) => Float32Array.of(Math.log(at(p1, a)), Math.log(at(p2[a] as number[], b)))),
  });
  const long = vocabulary.map((index) =>
    sumOver(pairs.length, (pair) => {
      const [a, b] = pairs[pair] as (typeof pairs)[number];
      const score = (a === index ? 1 : 0) - at(first, index);
      return -at(first, a) * at(second(a), b) * ((advantages[pair] as Float32Array)[0] as number) * score;
    }),
  );
  vocabulary.forEach((index) => {
    expect(Math.abs(at(exact, index) + at(long, index) - at(expected, index))).toBeLessThan(1e-6);
  });
  expect(Math.max(...long.map(Math.abs))).toBeGreaterThan(1e-2);
});
