import { fc, test as property } from '@fast-check/vitest';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { centralDifferences, expectClose, valueAndGradient } from './__fixtures__/numerics.js';
import { type DivergenceName, type DivergenceOptions, divergence } from './divergence.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const names: DivergenceName[] = ['fkl', 'rkl', 'js', 'skew-fkl', 'skew-rkl', 'tvd'];
type Settings = Pick<DivergenceOptions, 'beta' | 'lambda' | 'temperature'>;

const softmax = (z: readonly number[]) => {
  const top = Math.max(...z);
  const exps = z.map((value) => Math.exp(value - top));
  const sum = exps.reduce((total, value) => total + value, 0);
  return exps.map((value) => value / sum);
};

/** `Σ a log(a / b)` over the entries that are allowed. */
const kl = (a: readonly number[], b: readonly number[], allowed: readonly boolean[]) =>
  a.reduce((sum, value, v) => sum + (allowed[v] && value > 0 ? value * Math.log(value / (b[v] as number)) : 0), 0);

/** The definitions in float64. */
function reference(
  name: DivergenceName,
  z: readonly number[],
  teacher: readonly number[],
  settings: Settings = {},
): number {
  const { beta = 0.1, lambda = 0.1, temperature = 1 } = settings;
  const q = softmax(z.map((value) => value / temperature));
  const p = softmax(teacher.map((value) => value / temperature));
  const allowed = z.map((value, v) => value > -Infinity && (teacher[v] as number) > -Infinity);
  const mix = (weight: number) => p.map((value, v) => weight * value + (1 - weight) * (q[v] as number));
  switch (name) {
    case 'fkl':
      return kl(p, q, allowed);
    case 'rkl':
      return kl(q, p, allowed);
    case 'js':
      return (1 - beta) * kl(q, mix(beta), allowed) + beta * kl(p, mix(beta), allowed);
    case 'skew-fkl':
      return kl(p, mix(lambda), allowed);
    case 'skew-rkl':
      return kl(q, mix(1 - lambda), allowed);
    case 'tvd':
      return p.reduce((sum, value, v) => sum + (allowed[v] ? Math.abs(value - (q[v] as number)) / 2 : 0), 0);
  }
}

async function valuesOf(name: DivergenceName, student: number[][], teacher: number[][], settings: Settings = {}) {
  const values = divergence({
    name,
    ...settings,
    studentLogits: tf.tensor2d(student),
    teacherLogits: tf.tensor2d(teacher),
  });
  return [...(await values.data())];
}

/** Gradient of the sum over rows, weighted so that every row counts differently. */
async function gradientsOf(
  name: DivergenceName,
  student: number[][],
  teacher: number[][],
  settings: Settings & { mask?: tf.Tensor1D } = {},
) {
  const weights = tf.tensor1d(student.map((_, row) => 1 + row));
  const { gradient } = await valueAndGradient(
    (x) =>
      tf.sum(
        tf.mul(
          divergence({ name, ...settings, studentLogits: x as tf.Tensor2D, teacherLogits: tf.tensor2d(teacher) }),
          weights,
        ),
      ) as tf.Scalar,
    tf.tensor2d(student),
  );
  return gradient;
}

describe('divergence by hand', () => {
  // q = (1/2, 1/2), p = (3/4, 1/4)
  const student = [[0, 0]];
  const teacher = [[Math.log(3), 0]];
  const ln = Math.log;

  test.each([
    { name: 'fkl' as const, expected: 0.75 * ln(1.5) + 0.25 * ln(0.5) },
    { name: 'rkl' as const, expected: 0.5 * ln(2 / 3) + 0.5 * ln(2) },
    // m = 0.1·p + 0.9·q = (0.525, 0.475)
    {
      name: 'js' as const,
      expected:
        0.9 * (0.5 * ln(0.5 / 0.525) + 0.5 * ln(0.5 / 0.475)) +
        0.1 * (0.75 * ln(0.75 / 0.525) + 0.25 * ln(0.25 / 0.475)),
    },
    { name: 'skew-fkl' as const, expected: 0.75 * ln(0.75 / 0.525) + 0.25 * ln(0.25 / 0.475) },
    // m = 0.9·p + 0.1·q = (0.725, 0.275)
    { name: 'skew-rkl' as const, expected: 0.5 * ln(0.5 / 0.725) + 0.5 * ln(0.5 / 0.275) },
    { name: 'tvd' as const, expected: 0.25 },
  ])('$name', async ({ name, expected }) => {
    expectClose(await valuesOf(name, student, teacher), [expected], 1e-6);
  });

  test('the gradient of fkl is q − p, divided by the temperature', async () => {
    expectClose(await gradientsOf('fkl', student, teacher), [-0.25, 0.25], 1e-6);
    // At temperature 2: p = (√3, 1) / (√3 + 1).
    const p = Math.sqrt(3) / (Math.sqrt(3) + 1);
    expectClose(await gradientsOf('fkl', student, teacher, { temperature: 2 }), [(0.5 - p) / 2, (p - 0.5) / 2], 1e-6);
  });

  test.each(names)('%s of equal models is 0 with gradient 0', async (name) => {
    const logits = [[1, -2, 0.5, 7]];
    expectClose(await valuesOf(name, logits, logits), [0], 1e-6);
    expectClose(await gradientsOf(name, logits, logits), [0, 0, 0, 0], 1e-6);
  });

  test.each(names)('%s survives logits far apart', async (name) => {
    const [far, other] = [[[200, -200, 0]], [[-200, 200, 0]]];
    const [value] = await valuesOf(name, far, other);
    expectClose([value as number], [reference(name, far[0] as number[], other[0] as number[])], 1e-5);
    expect((await gradientsOf(name, far, other)).every(Number.isFinite)).toBe(true);
  });

  test.each(names)('%s: NaN in masked rows reaches neither value nor gradient', async (name) => {
    const rows = [
      [0.3, -1, 2],
      [Number.NaN, Number.NaN, Number.NaN],
      [1, 0, Number.NaN],
    ];
    const goal = [
      [1, 0, 0],
      [Number.NaN, 0, 0],
      [0, 0, 0],
    ];
    const mask = tf.tensor1d([1, 0, 0]);
    const masked = divergence({
      name,
      studentLogits: tf.tensor2d(rows),
      teacherLogits: tf.tensor2d(goal),
      mask,
    });
    const [clean] = await valuesOf(name, rows.slice(0, 1), goal.slice(0, 1));
    expect([...(await masked.data())]).toEqual([clean, 0, 0]);
    const gradient = await gradientsOf(name, rows, goal, { mask });
    expect(gradient).toEqual([...(await gradientsOf(name, rows.slice(0, 1), goal.slice(0, 1))), 0, 0, 0, 0, 0, 0]);
    // Even if the loss around it is NaN there.
    const { gradient: poisoned } = await valueAndGradient(
      (x) =>
        tf.sum(
          tf.mul(
            divergence({ name, studentLogits: x as tf.Tensor2D, teacherLogits: tf.tensor2d(goal), mask }),
            tf.tensor1d([1, Number.NaN, Number.NaN]),
          ),
        ) as tf.Scalar,
      tf.tensor2d(rows),
    );
    expect(poisoned.slice(3)).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test('NaN in a row that counts stays visible', async () => {
    expect(await valuesOf('fkl', [[Number.NaN, Number.NaN]], [[0, 0]])).toEqual([Number.NaN]);
  });

  test.each(names)('%s: entries at −∞ add nothing', async (name) => {
    const [padded, goal] = [
      [0.3, -1, 2, -Infinity, 0.4],
      [1, 0, 0.2, -Infinity, -Infinity],
    ];
    expectClose(await valuesOf(name, [padded], [goal]), [reference(name, padded, goal)], 1e-6);
    const finite = [0, 1, 2, 4];
    const expected = centralDifferences(
      (x) =>
        reference(
          name,
          padded.map((value, v) => (finite.includes(v) ? (x[finite.indexOf(v)] as number) : value)),
          goal,
        ),
      finite.map((v) => padded[v] as number),
    );
    const gradient = await gradientsOf(name, [padded], [goal]);
    expectClose(
      finite.map((v) => gradient[v] as number),
      expected,
      1e-5,
    );
    expect(gradient[3]).toBe(0);
  });

  test('a teacher that trains gets no gradient', async () => {
    const teacherGradient = tf.grads(
      (x, teacherLogits) =>
        tf.add(
          tf.sum(
            divergence({ name: 'fkl', studentLogits: x as tf.Tensor2D, teacherLogits: teacherLogits as tf.Tensor2D }),
          ),
          tf.mul(tf.sum(teacherLogits), 0),
        ) as tf.Scalar,
    )([tf.tensor2d(student), tf.tensor2d(teacher)])[1] as tf.Tensor;
    expect([...(await teacherGradient.data())]).toEqual([0, 0]);
  });

  test('no rows, and no tensor left behind', async () => {
    const before = tf.memory().numTensors;
    const empty = tf.tidy(() =>
      divergence({ name: 'js', studentLogits: tf.zeros([0, 3]), teacherLogits: tf.zeros([0, 3]) }),
    );
    expect(empty.shape).toEqual([0]);
    const { value, grad } = tf.tidy(() =>
      tf.valueAndGrad((x) =>
        tf.sum(divergence({ name: 'js', studentLogits: x as tf.Tensor2D, teacherLogits: tf.tensor2d(teacher) })),
      )(tf.tensor2d(student)),
    );
    tf.dispose([empty, value, grad]);
    expect(tf.memory().numTensors).toBe(before);
  });

  test('parameters out of range and shapes that do not fit are refused', () => {
    const logits = tf.zeros<tf.Rank.R2>([2, 3]);
    const call = (options: Partial<DivergenceOptions>) => () =>
      divergence({ name: 'js', studentLogits: logits, teacherLogits: logits, ...options });
    expect(call({ beta: 0 })).toThrow('the limits are fkl and rkl');
    expect(call({ name: 'skew-fkl', lambda: 1 })).toThrow('lambda');
    expect(call({ temperature: 0 })).toThrow('temperature');
    expect(call({ teacherLogits: tf.zeros([2, 4]) })).toThrow('same vocabulary');
    expect(call({ mask: tf.zeros([3]) })).toThrow('3 entries for 2 rows');
  });
});

const logit = fc.double({ min: -4, max: 4, noNaN: true });
const row = fc.array(logit, { minLength: 5, maxLength: 5 });
const settings = fc.record({
  beta: fc.double({ min: 0.05, max: 0.95, noNaN: true }),
  lambda: fc.double({ min: 0, max: 0.9, noNaN: true }),
  temperature: fc.constantFrom(0.5, 1, 2),
});

for (const name of names) {
  property.prop([fc.array(fc.tuple(row, row), { minLength: 1, maxLength: 4 }), settings], { numRuns: 60 })(
    `${name}: value and gradient agree with float64, and the value is not negative`,
    async (rows, chosen) => {
      const student = rows.map(([z]) => z.map(Math.fround));
      const teacher = rows.map(([, z]) => z.map(Math.fround));
      const values = await valuesOf(name, student, teacher, chosen);
      const one = (z: readonly number[], index: number) => reference(name, z, teacher[index] as number[], chosen);
      expectClose(values, student.map(one), 2e-5);
      expect(Math.min(...values)).toBeGreaterThan(-1e-5);
      // Total variation has a kink where two probabilities are equal: there its derivative is 0 and differences are not.
      const isKinked = student.some((z, index) => {
        const [q, p] = [z, teacher[index] as number[]].map((some) =>
          softmax(some.map((value) => value / chosen.temperature)),
        );
        return q?.some((value, v) => Math.abs(value - (p?.[v] as number)) < 1e-4);
      });
      if (name === 'tvd' && isKinked) return;
      const expected = student.flatMap((z, index) => centralDifferences((x) => (1 + index) * one(x, index), z));
      expectClose(await gradientsOf(name, student, teacher, chosen), expected, 5e-5);
    },
  );
}

property.prop([fc.array(fc.tuple(row, row), { minLength: 8, maxLength: 8 }), fc.constantFrom(...names)], {
  numRuns: 15,
})('one batch of 8 rows equals 8 of one', async (rows, name) => {
  const values = await valuesOf(
    name,
    rows.map(([z]) => z),
    rows.map(([, z]) => z),
  );
  const single = await Promise.all(rows.map(([z, goal]) => valuesOf(name, [z], [goal])));
  expect(values).toEqual(single.flat());
});
