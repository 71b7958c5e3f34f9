import { fc, test as property } from '@fast-check/vitest';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { divergenceReference, headShareReference, softmax } from './__fixtures__/divergence-reference.js';
import { expectClose, preciseDifferences, valueAndGradient } from './__fixtures__/numerics.js';
import { type DivergenceOptions, divergence } from './divergence.js';
import type { DivergenceName } from './divergence-terms.js';

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const names: DivergenceName[] = ['fkl', 'rkl', 'js', 'skew-fkl', 'skew-rkl', 'tvd', 'adaptive-kl'];
type Settings = Pick<DivergenceOptions, 'beta' | 'lambda' | 'headThreshold' | 'temperature'>;

/** The definitions in float64. */
const reference = (
  name: DivergenceName,
  student: readonly number[],
  teacher: readonly number[],
  settings: Settings = {},
) => divergenceReference({ name, student, teacher, ...settings }).value;

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
    // Both gaps are 1/4, and the head is the first token alone, though it holds more than half.
    {
      name: 'adaptive-kl' as const,
      expected: 0.5 * (0.75 * ln(1.5) + 0.25 * ln(0.5)) + 0.5 * (0.5 * ln(2 / 3) + 0.5 * ln(2)),
    },
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
    const { gradient: expected } = divergenceReference({ name, student: padded, teacher: goal });
    const gradient = await gradientsOf(name, [padded], [goal]);
    expectClose(
      finite.map((v) => gradient[v] as number),
      finite.map((v) => expected[v] as number),
      1e-5,
    );
    expect(gradient[3]).toBe(0);
  });

  test('js at the ends of β is fkl and rkl, to which it is proportional nearby', async () => {
    const [z, goal] = [
      [0.3, -1, 2, 0.1],
      [1, 0, 0.2, -2],
    ];
    for (const [beta, name] of [
      [0, 'fkl'],
      [1, 'rkl'],
    ] as const) {
      expect(await valuesOf('js', [z], [goal], { beta })).toEqual(await valuesOf(name, [z], [goal]));
      expect(await gradientsOf('js', [z], [goal], { beta })).toEqual(await gradientsOf(name, [z], [goal]));
      const near = Math.abs(beta - 1e-6);
      const js = divergenceReference({ name: 'js', student: z, teacher: goal, beta: near });
      const limit = divergenceReference({ name, student: z, teacher: goal });
      expectClose(
        [js.value / 1e-6, ...js.gradient.map((slope) => slope / 1e-6)],
        [limit.value, ...limit.gradient],
        1e-5,
      );
    }
  });

  test('adaptive-kl: the head grows with its threshold, and is never empty', async () => {
    // p = (0.4, 0.3, 0.2, 0.1) out of order, q uniform: gaps 0.15, 0.05, 0.05, 0.15.
    const [z, goal] = [[0, 0, 0, 0], [0.1, 0.4, 0.2, 0.3].map(ln)];
    const forward = reference('fkl', z, goal);
    const reverse = reference('rkl', z, goal);
    for (const [headThreshold, share] of [
      [0.1, 0.375],
      [0.5, 0.375],
      [0.75, 0.5],
      [0.95, 0.625],
    ] as const) {
      const values = await valuesOf('adaptive-kl', [z], [goal], { headThreshold });
      expectClose(values, [share * forward + (1 - share) * reverse], 1e-6);
      expectClose(
        [headShareReference({ name: 'adaptive-kl', student: z, teacher: goal, headThreshold })],
        [share],
        1e-12,
      );
    }
  });

  test('adaptive-kl: what ties with the last token of the head belongs to it', async () => {
    // Gaps 0.15, 0.05, 0.05, 0.05, with p = (0.4, 0.2, 0.2, 0.2) and q uniform: of the tied tokens one alone would fit under 0.65.
    const [z, goal] = [[0, 0, 0, 0], [0.4, 0.2, 0.2, 0.2].map(ln)];
    const forward = reference('fkl', z, goal);
    expectClose(await valuesOf('adaptive-kl', [z], [goal], { headThreshold: 0.65 }), [forward], 1e-6);
    const half = 0.5 * forward + 0.5 * reference('rkl', z, goal);
    expectClose(await valuesOf('adaptive-kl', [z], [goal]), [half], 1e-6);
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
      divergence({ name: 'adaptive-kl', studentLogits: tf.zeros([0, 3]), teacherLogits: tf.zeros([0, 3]) }),
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
    expect(call({ beta: 1.5 })).toThrow('beta: expected 0 to 1, found 1.5');
    expect(call({ name: 'adaptive-kl', headThreshold: 1 })).toThrow('headThreshold');
    expect(call({ name: 'skew-fkl', lambda: 1 })).toThrow('lambda');
    expect(call({ temperature: 0 })).toThrow('temperature');
    expect(call({ teacherLogits: tf.zeros([2, 4]) })).toThrow('same vocabulary');
    expect(call({ mask: tf.zeros([3]) })).toThrow('3 entries for 2 rows');
  });
});

const logit = fc.double({ min: -4, max: 4, noNaN: true });
const row = fc.array(logit, { minLength: 5, maxLength: 5 });
const settings = fc.record({
  beta: fc.oneof(fc.double({ min: 0.05, max: 0.95, noNaN: true }), fc.constantFrom(0, 1)),
  lambda: fc.double({ min: 0, max: 0.9, noNaN: true }),
  headThreshold: fc.double({ min: 0.05, max: 0.95, noNaN: true }),
  temperature: fc.constantFrom(0.5, 1, 2),
});

/** Whether float32 and float64, or two sides of a difference, may fall on different sides of a kink of the divergence. */
function isKinked(name: DivergenceName, z: readonly number[], goal: readonly number[], chosen: Required<Settings>) {
  const [q, p] = [z, goal].map((some) => softmax(some.map((value) => value / chosen.temperature))) as [
    number[],
    number[],
  ];
  if (name === 'tvd') return q.some((value, v) => Math.abs(value - (p[v] as number)) < 1e-3);
  if (name !== 'adaptive-kl') return false;
  const sorted = [...p].sort((a, b) => b - a);
  const masses = sorted.map((_, rank) => sorted.slice(0, rank + 1).reduce((sum, value) => sum + value, 0));
  const isTied = sorted.some((value, rank) => rank > 0 && (sorted[rank - 1] as number) - value < 1e-6);
  // Where both models nearly agree the shares are a quotient of rounding errors.
  const gap = q.reduce((sum, value, v) => sum + Math.abs(value - (p[v] as number)), 0);
  return isTied || gap < 0.05 || masses.some((mass) => Math.abs(mass - chosen.headThreshold) < 1e-5);
}

for (const name of names) {
  property.prop([row, row, settings], { numRuns: 100 })(
    `${name}: the closed form in float64 agrees with differences to 1e-10`,
    (z, goal, chosen) => {
      // A step of the differences is 0.04 in a logit.
      if (name === 'tvd') {
        const moved = z.flatMap((_, index) => [-0.04, 0.04].map((by) => z.map((x, v) => (v === index ? x + by : x))));
        const signs = (some: readonly number[]) => {
          const [q, p] = [some, goal].map((x) => softmax(x.map((value) => value / chosen.temperature))) as [
            number[],
            number[],
          ];
          return q.map((value, v) => Math.sign(value - (p[v] as number))).join();
        };
        if (moved.some((some) => signs(some) !== signs(z))) return;
      }
      const fixed = { name, teacher: goal, ...chosen };
      const share = headShareReference({ ...fixed, student: z });
      const differences = preciseDifferences(
        (x) => divergenceReference({ ...fixed, student: x, headShare: share }).value,
        z,
      );
      expectClose(divergenceReference({ ...fixed, student: z }).gradient, differences, 1e-10);
    },
  );

  property.prop([fc.array(fc.tuple(row, row), { minLength: 1, maxLength: 4 }), settings], { numRuns: 60 })(
    `${name}: value and gradient agree with float64, and the value is not negative`,
    async (rows, chosen) => {
      const student = rows.map(([z]) => z.map(Math.fround));
      const teacher = rows.map(([, z]) => z.map(Math.fround));
      if (student.some((z, index) => isKinked(name, z, teacher[index] as number[], chosen))) return;
      const expected = student.map((z, index) =>
        divergenceReference({ name, student: z, teacher: teacher[index] as number[], ...chosen }),
      );
      const values = await valuesOf(name, student, teacher, chosen);
      expectClose(
        values,
        expected.map(({ value }) => value),
        1e-5,
      );
      expect(Math.min(...values)).toBeGreaterThan(-1e-5);
      expectClose(
        await gradientsOf(name, student, teacher, chosen),
        expected.flatMap(({ gradient }, index) => gradient.map((slope) => slope * (1 + index))),
        1e-5,
      );
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
