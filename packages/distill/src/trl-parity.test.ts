import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { divergenceReference } from './__fixtures__/divergence-reference.js';
import { expectClose, valueAndGradient } from './__fixtures__/numerics.js';
import { divergence } from './divergence.js';
import { reverseKlAdvantages } from './reverse-kl-advantages.js';

interface Case {
  value: number;
  /** To the logits of the student. */
  gradient: number[][];
}
interface Golden {
  student: number[][];
  teacher: number[][];
  mask: number[];
  gkd: (Case & { beta: number; temperature: number })[];
  gkdOfMoreTokens: Case & { tokens: number };
  onPolicy: Case & { tokenIds: number[]; studentLogProbs: number[]; teacherLogProbs: number[] };
}

// Written by tools/parity/trl.py, which runs TRL's own functions in float64.
const golden = JSON.parse(readFileSync(new URL('./__fixtures__/trl.json', import.meta.url), 'utf8')) as Golden;
const { student, teacher, mask } = golden;
const tokens = mask.reduce((sum, flag) => sum + flag, 0);
const poisoned = (rows: number[][]) => rows.map((row, i) => row.map((value) => (mask[i] === 1 ? value : Number.NaN)));

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const js = (options: { beta: number; temperature?: number; count: number }) =>
  valueAndGradient(
    (x) => {
      const values = divergence({
        name: 'js',
        studentLogits: x as tf.Tensor2D,
        teacherLogits: tf.tensor2d(poisoned(teacher)),
        mask: tf.tensor1d(mask),
        ...options,
      });
      return tf.div(tf.sum(values), options.count) as tf.Scalar;
    },
    tf.tensor2d(poisoned(student)),
  );

describe('generalized_jsd_loss of GKDTrainer is js, at all β', () => {
  test.each(golden.gkd)('beta $beta, temperature $temperature', async ({ beta, temperature, ...expected }) => {
    const { value, gradient } = await js({ beta, temperature, count: tokens });
    expectClose([value], [expected.value], 1e-5);
    expectClose(gradient, expected.gradient.flat(), 1e-5);
    const rows = student.map((row, i) =>
      mask[i] === 1
        ? divergenceReference({ name: 'js', student: row, teacher: teacher[i] as number[], beta, temperature })
        : { value: 0, gradient: row.map(() => 0) },
    );
    expectClose([rows.reduce((sum, row) => sum + row.value, 0) / tokens], [expected.value], 1e-10);
    expectClose(
      rows.flatMap((row) => row.gradient.map((slope) => slope / tokens)),
      expected.gradient.flat(),
      1e-10,
    );
  });

  test('num_items_in_batch: divided by the tokens of the whole batch', async () => {
    const { value, gradient } = await js({ beta: 0.5, count: golden.gkdOfMoreTokens.tokens });
    expectClose([value], [golden.gkdOfMoreTokens.value], 1e-5);
    expectClose(gradient, golden.gkdOfMoreTokens.gradient.flat(), 1e-5);
  });
});

test('on-policy distillation through sampled tokens (IW-OPD with γ = 0): −A·log π with the advantages of reverseKlAdvantages', async () => {
  const { tokenIds, ...grids } = golden.onPolicy;
  const grid = (values: number[]) => ({ data: Float32Array.from(values), shape: [1, 5] as [number, number] });
  const sampled = (values: number[]) => grid(values.map((value, i) => (mask[i] === 1 ? value : Number.NaN)));
  const { advantages, klMean } = reverseKlAdvantages({
    studentLogProbs: sampled(grids.studentLogProbs),
    teacherLogProbs: sampled(grids.teacherLogProbs),
    policyMask: grid(mask),
  });
  const { value, gradient } = await valueAndGradient((x) => {
    const chosen = tf.oneHot(tf.tensor1d(tokenIds, 'int32'), 6);
    const logProbs = tf.sum(tf.mul(tf.logSoftmax(x as tf.Tensor2D), chosen), 1);
    return tf.div(tf.neg(tf.sum(tf.mul(logProbs, tf.tensor1d(advantages.data)))), tokens) as tf.Scalar;
  }, tf.tensor2d(student));
  expectClose([value], [golden.onPolicy.value], 1e-5);
  expectClose(gradient, golden.onPolicy.gradient.flat(), 1e-5);
  const sum = advantages.data.reduce((total, advantage) => total + advantage, 0);
  expect(klMean).toBeCloseTo(-sum / tokens, 6);
});
