import { fc, test as property } from '@fast-check/vitest';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { divergenceReference, softmax } from './__fixtures__/divergence-reference.js';
import { expectClose, preciseDifferences, valueAndGradient } from './__fixtures__/numerics.js';
import { divergence } from './divergence.js';
import { taidDivergence } from './taid-divergence.js';
import { taidLoss } from './taid-loss.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

interface Case {
  student: number[][];
  teacher: number[][];
  weights: number[];
  t: number;
  temperature?: number;
}

async function run({ student, teacher, weights, ...rest }: Case) {
  let crossEntropy = Number.NaN;
  const result = await valueAndGradient((x) => {
    const { loss, metrics } = taidLoss({
      studentLogits: x as tf.Tensor2D,
      teacherLogits: tf.tensor2d(teacher),
      weights: tf.tensor1d(weights),
      ...rest,
    });
    crossEntropy = metrics.crossEntropy.dataSync()[0] as number;
    return loss;
  }, tf.tensor2d(student));
  return { ...result, crossEntropy };
}

/** One row in float64, with the target held while the student moves. */
const rowLoss = (student: number[], target: number[], temperature: number) =>
  divergenceReference({ name: 'fkl', student, teacher: target, temperature });

const targetOf = (student: number[], teacher: number[], t: number) =>
  student.map((value, v) => (1 - t) * value + t * (teacher[v] as number));

const row = fc.array(fc.double({ min: -4, max: 4, noNaN: true }).map(Math.fround), { minLength: 4, maxLength: 4 });

describe('taidLoss', () => {
  property.prop([
    fc.array(fc.tuple(row, row), { minLength: 1, maxLength: 3 }),
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.constantFrom(0.5, 1, 2),
  ])('value, gradient with the target held, and cross-entropy agree with float64', async (rows, t, temperature) => {
    const student = rows.map(([z]) => z);
    const teacher = rows.map(([, z]) => z);
    const weights = rows.map((_, index) => 0.25 * (1 + index));
    const expected = student.map((z, index) => {
      const target = targetOf(z, teacher[index] as number[], t);
      const { value, gradient } = rowLoss(z, target, temperature);
      expectClose(
        gradient,
        preciseDifferences((x) => rowLoss(x, target, temperature).value, z),
        1e-10,
      );
      const p = softmax(target.map((logit) => logit / temperature));
      const entropy = -p.reduce((sum, prob) => sum + (prob > 0 ? prob * Math.log(prob) : 0), 0);
      return { value, gradient, crossEntropy: value + entropy };
    });
    const total = (of: (index: number) => number) =>
      weights.reduce((sum, weight, index) => sum + weight * of(index), 0);
    const actual = await run({ student, teacher, weights, t, temperature });
    expectClose([actual.value], [total((index) => expected[index]?.value as number)], 1e-5);
    expectClose([actual.crossEntropy], [total((index) => expected[index]?.crossEntropy as number)], 1e-5);
    expectClose(
      actual.gradient,
      expected.flatMap(({ gradient }, index) => gradient.map((slope) => slope * (weights[index] as number))),
      1e-5,
    );
  });

  test('at t = 1 it is fkl, at t = 0 the target is the student and nothing pulls', async () => {
    const inputs = { student: [[0.3, -1, 2]], teacher: [[1, 0, 0]], weights: [1] };
    const fkl = await valueAndGradient(
      (x) =>
        tf.sum(
          divergence({
            name: 'fkl',
            studentLogits: x as tf.Tensor2D,
            teacherLogits: tf.tensor2d(inputs.teacher),
          }),
        ) as tf.Scalar,
      tf.tensor2d(inputs.student),
    );
    expect(await run({ ...inputs, t: 1 })).toMatchObject(fkl);
    const still = await run({ ...inputs, t: 0 });
    expectClose([still.value, ...still.gradient], [0, 0, 0, 0], 1e-7);
  });

  test('NaN under weight 0 and entries at −∞ reach nothing', async () => {
    const [z, goal] = [
      [0.3, -1, 2, -Infinity, 1],
      [1, 0, 0, -Infinity, -Infinity],
    ];
    const nan = goal.map(() => Number.NaN);
    for (const t of [0, 0.4, 1]) {
      const clean = await run({ student: [z], teacher: [goal], weights: [0.5], t });
      expect([clean.value, clean.crossEntropy, ...clean.gradient].every(Number.isFinite)).toBe(true);
      const masked = await run({ student: [nan, z, z], teacher: [goal, goal, nan], weights: [0, 0.5, 0], t });
      expect(masked.gradient).toEqual([0, 0, 0, 0, 0, ...clean.gradient, 0, 0, 0, 0, 0]);
      expectClose([masked.value, masked.crossEntropy], [clean.value, clean.crossEntropy], 1e-7);
    }
    const empty = await run({ student: [nan], teacher: [nan], weights: [0], t: 0.4 });
    expect([empty.value, Math.abs(empty.crossEntropy), ...empty.gradient]).toEqual([0, 0, 0, 0, 0, 0, 0]);
  });

  test('micro-batches of one row add up to the batch', async () => {
    const student = Array.from({ length: 8 }, (_, index) => [0.1 * index, -0.3, 1 / (index + 1)]);
    const teacher = student.map((z) => z.toReversed());
    const whole = await run({ student, teacher, weights: student.map(() => 1 / 8), t: 0.6 });
    const parts = await Promise.all(
      student.map((z, index) => run({ student: [z], teacher: [teacher[index] as number[]], weights: [1 / 8], t: 0.6 })),
    );
    expect(parts.flatMap(({ gradient }) => gradient)).toEqual(whole.gradient);
    expectClose([parts.reduce((sum, { crossEntropy }) => sum + crossEntropy, 0)], [whole.crossEntropy], 1e-6);
  });

  test('t out of range is refused', async () => {
    await expect(run({ student: [[0]], teacher: [[0]], weights: [1], t: 1.1 })).rejects.toThrow('t: expected 0 to 1');
  });
});

describe('taidDivergence', () => {
  test('is the loss per token, its cross-entropy has the gradient of its KL, and masked rows may be NaN', async () => {
    const student = tf.tensor2d([
      [1, -0.5, 0.25],
      [Number.NaN, 0, 1],
      [0.5, 2, -1],
    ]);
    const teacher = tf.tensor2d([
      [0, 1, 2],
      [0, Number.NaN, 1],
      [2, 0.5, 1],
    ]);
    const mask = tf.tensor1d([1, 0, 1]);
    const shared = { teacherLogits: teacher, t: 0.4, temperature: 1.5 };
    const gradientOf = (name: 'kl' | 'crossEntropy') =>
      tf.valueAndGrad((x) => tf.sum(taidDivergence({ ...shared, studentLogits: x as tf.Tensor2D, mask })[name]))(
        student,
      );
    const [kl, crossEntropy] = [gradientOf('kl'), gradientOf('crossEntropy')];
    const gradient = [...(await kl.grad.data())];
    expect(gradient.every(Number.isFinite)).toBe(true);
    expect(gradient.slice(3, 6)).toEqual([0, 0, 0]);
    expect([...(await crossEntropy.grad.data())]).toEqual(gradient);

    const { loss, metrics } = taidLoss({ ...shared, studentLogits: student, weights: mask });
    expectClose([...(await kl.value.data())], [...(await loss.data())], 1e-6);
    expectClose([...(await crossEntropy.value.data())], [...(await metrics.crossEntropy.data())], 1e-6);
    const { kl: rows } = taidDivergence({ ...shared, studentLogits: student, mask });
    expect((await rows.data())[1]).toBe(0);
  });
});
