import { fc, test as property } from '@fast-check/vitest';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect } from 'vitest';
import { divergenceReference, softmax } from './__fixtures__/divergence-reference.js';
import { expectClose, preciseDifferences, valueAndGradient } from './__fixtures__/numerics.js';
import { coldStartLoss } from './cold-start-loss.js';
import { divergence } from './divergence.js';
import { taidLoss } from './taid-loss.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

interface Row {
  student: number[];
  teacher: number[];
  /** Token of the teacher. */
  token: number;
  weight: number;
}
interface Tensors {
  studentLogits: tf.Tensor2D;
  teacherLogits: tf.Tensor2D;
  weights: tf.Tensor1D;
  tokens: tf.Tensor1D;
}

const VOCABULARY = 4;
const nan: Row = {
  student: Array(VOCABULARY).fill(Number.NaN),
  teacher: Array(VOCABULARY).fill(Number.NaN),
  token: 0,
  weight: 0,
};

const subjects: { name: string; loss: (tensors: Tensors) => tf.Scalar }[] = [
  ...(['fkl', 'rkl', 'js', 'skew-fkl', 'skew-rkl', 'tvd', 'adaptive-kl'] as const).map((name) => ({
    name: `divergence, ${name}`,
    loss: ({ weights, ...logits }: Tensors) => {
      const mask = tf.cast(tf.notEqual(weights, 0), 'float32') as tf.Tensor1D;
      return tf.sum(tf.mul(divergence({ name, ...logits, mask }), weights)) as tf.Scalar;
    },
  })),
  { name: 'taidLoss', loss: (tensors) => taidLoss({ ...tensors, t: 0.6 }).loss },
  {
    name: 'coldStartLoss',
    loss: ({ weights, tokens, ...logits }) => {
      const logProbs = tf.sum(tf.mul(tf.logSoftmax(logits.studentLogits), tf.oneHot(tokens, VOCABULARY)), 1);
      const mask = tf.cast(tf.notEqual(weights, 0), 'float32') as tf.Tensor1D;
      return coldStartLoss({ logProbs, kl: divergence({ name: 'fkl', ...logits, mask }), weights, klWeight: 0.7 }).loss;
    },
  },
];

// Exact in float32.
const logits = fc.array(
  fc.integer({ min: -256, max: 256 }).map((n) => n / 64),
  { minLength: VOCABULARY, maxLength: VOCABULARY },
);
const rows: fc.Arbitrary<Row[]> = fc.array(
  fc.record({
    student: logits,
    teacher: logits,
    token: fc.nat(VOCABULARY - 1),
    weight: fc.constantFrom(0, 0.125, 0.25),
  }),
  { minLength: 8, maxLength: 8 },
);

const run = ({ loss }: (typeof subjects)[number], batch: readonly Row[]) => {
  const given = {
    teacherLogits: tf.tensor2d(batch.map(({ teacher }) => teacher)),
    weights: tf.tensor1d(batch.map(({ weight }) => weight)),
    tokens: tf.tensor1d(
      batch.map(({ token }) => token),
      'int32',
    ),
  };
  const at = tf.tensor2d(batch.map(({ student }) => student));
  return valueAndGradient((x) => loss({ ...given, studentLogits: x as tf.Tensor2D }), at);
};
const rowsOf = (gradient: readonly number[]) =>
  Array.from({ length: gradient.length / VOCABULARY }, (_, row) =>
    gradient.slice(VOCABULARY * row, VOCABULARY * (row + 1)),
  );

// Not coldStartLoss from logits: a model's pass at NaN is NaN, whatever the loss makes of it.
describe.each(subjects.filter(({ name }) => name !== 'coldStartLoss'))('$name', (subject) => {
  property.prop([rows], { numRuns: 5 })('NaN in any masked row, and rows of padding, change nothing', async (batch) => {
    const clean = await run(subject, batch);
    expect([clean.value, ...clean.gradient].every(Number.isFinite)).toBe(true);
    for (const [index, { weight }] of batch.entries()) {
      if (weight !== 0) continue;
      expect(await run(subject, batch.with(index, nan))).toEqual(clean);
      expect(rowsOf(clean.gradient)[index]?.map(Math.abs)).toEqual([0, 0, 0, 0]);
    }
    const padded = await run(subject, [nan, ...batch, nan]);
    expectClose([padded.value], [clean.value], 1e-6);
    expect(padded.gradient.slice(VOCABULARY, -VOCABULARY)).toEqual(clean.gradient);
  });
});

describe.each(subjects)('$name', (subject) => {
  property.prop([rows], { numRuns: 5 })('one batch of 8 equals 8 of 1, in any order', async (batch) => {
    const whole = await run(subject, batch);
    const parts = await Promise.all(batch.map((row) => run(subject, [row])));
    expect(parts.flatMap(({ gradient }) => gradient)).toEqual(whole.gradient);
    expectClose([parts.reduce((sum, { value }) => sum + value, 0)], [whole.value], 1e-5);
    const turned = await run(subject, batch.toReversed());
    expectClose([turned.value], [whole.value], 1e-5);
    expect(rowsOf(turned.gradient).toReversed().flat()).toEqual(whole.gradient);
  });
});

property.prop([logits, logits], { numRuns: 30 })(
  'coldStartLoss over every token of the teacher: CE + KL, with the gradient of 2·KL(teacher ‖ student)',
  async (student, teacher) => {
    const p = softmax(teacher);
    const { value, gradient } = divergenceReference({ name: 'fkl', student, teacher });
    const differences = preciseDifferences(
      (x) => divergenceReference({ name: 'fkl', student: x, teacher }).value,
      student,
    );
    expectClose(gradient, differences, 1e-10);
    const batch = p.map((weight, token) => ({ student, teacher, token, weight }));
    const loss = (x: tf.Tensor) => {
      // One row of logits for all tokens of the vocabulary.
      const studentLogits = tf.mul(tf.ones([VOCABULARY, 1]), x) as tf.Tensor2D;
      const logProbs = tf.sum(tf.mul(tf.logSoftmax(studentLogits), tf.eye(VOCABULARY)), 1);
      const teacherLogits = tf.tensor2d(batch.map((row) => row.teacher));
      return coldStartLoss({
        logProbs,
        kl: divergence({ name: 'fkl', studentLogits, teacherLogits }),
        weights: tf.tensor1d(p),
      }).loss;
    };
    const actual = await valueAndGradient(loss, tf.tensor2d([student]));
    const entropy = -p.reduce((sum, prob) => sum + prob * Math.log(prob), 0);
    expectClose([actual.value], [2 * value + entropy], 1e-5);
    expectClose(
      actual.gradient,
      gradient.map((slope) => 2 * slope),
      1e-5,
    );
  },
);
