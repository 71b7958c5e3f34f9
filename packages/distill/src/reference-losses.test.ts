import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { softmax } from './__fixtures__/divergence-reference.js';
import { expectClose, valueAndGradient } from './__fixtures__/numerics.js';
import { divergence } from './divergence.js';
import type { DivergenceName } from './divergence-terms.js';
import { taidLoss } from './taid-loss.js';
import { createTaidSchedule } from './taid-schedule.js';

/** What the repositories of DistiLLM, TAID and AKL compute, written by `tools/parity/distillation.py`. */
interface Golden {
  student: number[][];
  teacher: number[][];
  mask: number[];
  losses: Record<string, Record<string, { value: number; gradient: number[] }>>;
  scheduleLosses: number[];
  schedules: {
    options: { t_start?: number; t_end?: number; alpha?: number; beta?: number; disable_adaptive?: boolean };
    t: number[];
  }[];
}

const golden = JSON.parse(
  readFileSync(new URL('./__fixtures__/reference-losses.json', import.meta.url), 'utf8'),
) as Golden;
const tokens = golden.mask.reduce((sum, value) => sum + value, 0);
const weights = golden.mask.map((value) => value / tokens);

/** These drop it from KL(p ‖ ·), which changes no gradient. */
const withoutEntropy: readonly string[] = ['fkl', 'skew-fkl'];
const entropy = golden.teacher.reduce((sum, logits, row) => {
  const terms = softmax(logits).map((prob) => -prob * Math.log(prob));
  return sum + (weights[row] as number) * terms.reduce((total, term) => total + term, 0);
}, 0);

beforeAll(async () => {
  await tf.setBackend('cpu');
});

const cases = Object.entries(golden.losses).flatMap(([repository, losses]) =>
  Object.entries(losses).map(([name, expected]) => ({ repository, name, expected })),
);

describe('losses of the reference repositories', () => {
  test.each(cases.filter(({ name }) => name !== 'taid'))(
    '$repository: $name',
    async ({ repository, name, expected }) => {
      const { value, gradient } = await valueAndGradient((x) => {
        const values = divergence({
          name: name as DivergenceName,
          studentLogits: x as tf.Tensor2D,
          teacherLogits: tf.tensor2d(golden.teacher),
          mask: tf.tensor1d(golden.mask),
        });
        return tf.sum(tf.mul(values, tf.tensor1d(weights))) as tf.Scalar;
      }, tf.tensor2d(golden.student));
      const dropped = repository !== 'akl' && withoutEntropy.includes(name) ? entropy : 0;
      expectClose([value], [expected.value - dropped], 1e-5);
      expectClose(gradient, expected.gradient, 1e-6);
    },
  );

  test('taid: the cross-entropy and its gradient', async () => {
    const expected = golden.losses.taid?.taid as { value: number; gradient: number[] };
    let crossEntropy = Number.NaN;
    const { gradient } = await valueAndGradient((x) => {
      const { loss, metrics } = taidLoss({
        studentLogits: x as tf.Tensor2D,
        teacherLogits: tf.tensor2d(golden.teacher),
        t: 0.4,
        weights: tf.tensor1d(weights),
      });
      crossEntropy = metrics.crossEntropy.dataSync()[0] as number;
      return loss;
    }, tf.tensor2d(golden.student));
    expectClose([crossEntropy], [expected.value], 1e-5);
    expectClose(gradient, expected.gradient, 1e-6);
  });

  test.each(golden.schedules)('the schedule of TAID with $options', ({ options, t }) => {
    const schedule = createTaidSchedule({
      totalSteps: t.length,
      tStart: options.t_start ?? 0.4,
      tEnd: options.t_end ?? 1,
      alpha: options.alpha ?? 5e-4,
      beta: options.beta ?? 0.99,
      adaptive: options.disable_adaptive !== true,
    });
    const path = golden.scheduleLosses.map((loss, step) => {
      schedule.update({ loss, step });
      return schedule.t;
    });
    expectClose(path, t, 1e-6);
    expect(new Set(t).size).toBeGreaterThan(50);
  });
});
