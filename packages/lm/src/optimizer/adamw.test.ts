import { readFileSync } from 'node:fs';
import { createRandom, ModelError } from '@dgpo/trajectory';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { selectEngine } from '../engine/select-engine.js';
import { createAdamW } from './adamw.js';

const groups = [
  { size: 37, decay: true },
  { size: 5, decay: false },
  { size: 21, decay: true },
  { size: 8, decay: true },
];
const size = groups.reduce((total, group) => total + group.size, 0);
const decays = groups.flatMap((group) => new Array<boolean>(group.size).fill(group.decay));

/** See `tools/parity/adamw.py`. */
const torch = JSON.parse(readFileSync(new URL('./__fixtures__/torch-adamw.json', import.meta.url), 'utf8')) as {
  sizes: number[];
  beta1: number;
  beta2: number;
  epsilon: number;
  weightDecay: number;
  maxGradNorm: number;
  initial: number[];
  updates: { learningRate: number; gradients: number[]; gradientNorm: number; parameters: number[] }[];
};

const draw = (name: string, scale: number) => {
  const random = createRandom(11).split(name);
  return Float32Array.from({ length: size }, () => random.normal() * scale);
};

interface Reference {
  parameters: Float64Array;
  firstMoment: Float64Array;
  secondMoment: Float64Array;
  step: number;
}

const freshReference = (parameters: Float32Array): Reference => ({
  parameters: Float64Array.from(parameters),
  firstMoment: new Float64Array(parameters.length),
  secondMoment: new Float64Array(parameters.length),
  step: 0,
});

/** Loshchilov and Hutter 2019, algorithm 2, element by element in float64, after clipping to a global norm of 1. */
function updateReference(state: Reference, gradients: Float32Array, learningRate: number, weightDecay: number): void {
  const norm = Math.hypot(...gradients);
  const scale = norm > 1 ? 1 / norm : 1;
  state.step += 1;
  for (const [index, raw] of gradients.entries()) {
    const gradient = raw * scale;
    const first = 0.9 * (state.firstMoment[index] as number) + 0.1 * gradient;
    const second = 0.95 * (state.secondMoment[index] as number) + 0.05 * gradient * gradient;
    const direction = first / (1 - 0.9 ** state.step) / (Math.sqrt(second / (1 - 0.95 ** state.step)) + 1e-8);
    const value = state.parameters[index] as number;
    const decay = decays[index] === true ? weightDecay : 0;
    state.parameters[index] = value - learningRate * decay * value - learningRate * direction;
    state.firstMoment[index] = first;
    state.secondMoment[index] = second;
  }
}

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  for (let index = 0; index < expected.length; index++) {
    expect(Math.abs((actual[index] as number) - (expected[index] as number)), `element ${index}`).toBeLessThan(
      tolerance,
    );
  }
}

describe.each(['cpu', 'wasm'] as const)('AdamW on %s', (engine) => {
  beforeAll(async () => {
    await selectEngine({ engine });
  });

  test('follows the float64 reference over six updates, with weight decay of matrices only and clipping', async () => {
    const parameters = draw('parameters', 1);
    const optimizer = createAdamW({ parameters, groups, weightDecay: 0.1 });
    const expected = freshReference(parameters);
    for (let step = 1; step <= 6; step++) {
      // The first gradients are longer than 1 and clipped, the last are shorter and are not.
      const gradients = draw(`gradients ${step}`, step <= 3 ? 2 : 0.01);
      const result = optimizer.update({ gradients, learningRate: 0.03 / step });
      expect(result.skipped).toBe(false);
      expect(Math.abs(result.gradientNorm / Math.hypot(...gradients) - 1)).toBeLessThan(1e-12);
      updateReference(expected, gradients, 0.03 / step, 0.1);
    }
    const state = await optimizer.state();
    expect(state.step).toBe(6);
    expectClose(state.parameters, expected.parameters, 2e-6);
    expectClose(state.firstMoment, expected.firstMoment, 1e-7);
    expectClose(state.secondMoment, expected.secondMoment, 1e-7);
    optimizer.dispose();
  });

  test('six updates on given gradients at eps 1e-8 are those of torch.optim.AdamW, to 1e-6', async () => {
    const optimizer = createAdamW({
      ...torch,
      parameters: Float32Array.from(torch.initial),
      groups: torch.sizes.map((size, index) => ({ size, decay: index === 0 })),
    });
    for (const { learningRate, gradients, gradientNorm, parameters } of torch.updates) {
      const result = optimizer.update({ gradients: Float32Array.from(gradients), learningRate });
      expect(result.skipped).toBe(false);
      expect(Math.abs(result.gradientNorm / gradientNorm - 1)).toBeLessThan(1e-6);
      expectClose(await optimizer.parameters(), parameters, 1e-6);
    }
    optimizer.dispose();
  });

  test('the first update by hand: the step is the learning rate, whatever the gradient', async () => {
    // m = 0.1 g, v = 0.05 g², both corrected to g and g²: 2 - 0.5 · 0.1 · 2 - 0.5 · sign(g) = 1.4, and 2 - 0.5 without decay.
    const optimizer = createAdamW({
      parameters: Float32Array.of(2, 2),
      groups: [
        { size: 1, decay: true },
        { size: 1, decay: false },
      ],
      weightDecay: 0.1,
    });
    optimizer.update({ gradients: Float32Array.of(0.25, 0.125), learningRate: 0.5 });
    expectClose(await optimizer.parameters(), [1.4, 1.5], 1e-6);
    optimizer.dispose();
  });

  test('the initial vector and the gradients given are left as they were', async () => {
    const parameters = draw('parameters', 1);
    const gradients = draw('gradients', 3);
    const copies = { parameters: parameters.slice(), gradients: gradients.slice() };
    const optimizer = createAdamW({ parameters, groups, weightDecay: 0.1 });
    optimizer.update({ gradients, learningRate: 0.1 });
    expect({ parameters, gradients }).toEqual(copies);
    optimizer.dispose();
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    'a gradient with %d changes nothing',
    async (bad) => {
      const optimizer = createAdamW({ parameters: draw('parameters', 1), groups, weightDecay: 0.1 });
      optimizer.update({ gradients: draw('gradients', 1), learningRate: 0.01 });
      const before = await optimizer.state();
      const gradients = draw('other', 1);
      gradients[40] = bad;
      expect(optimizer.update({ gradients, learningRate: 0.01 }).skipped).toBe(true);
      expect(await optimizer.state()).toEqual(before);
      optimizer.dispose();
    },
  );

  test('a loaded state goes on byte for byte', async () => {
    const gradientsOf = (step: number) => draw(`gradients ${step}`, 0.3);
    const straight = createAdamW({ parameters: draw('parameters', 1), groups, weightDecay: 0.1 });
    for (let step = 1; step <= 3; step++) straight.update({ gradients: gradientsOf(step), learningRate: 0.01 });
    const middle = await straight.state();
    const copy = { ...middle, parameters: middle.parameters.slice() };
    for (let step = 4; step <= 5; step++) straight.update({ gradients: gradientsOf(step), learningRate: 0.01 });
    // A state that was handed out belongs to the caller.
    expect(middle.parameters).toEqual(copy.parameters);

    const resumed = createAdamW({ parameters: new Float32Array(size), groups, weightDecay: 0.1 });
    resumed.load(middle);
    for (let step = 4; step <= 5; step++) resumed.update({ gradients: gradientsOf(step), learningRate: 0.01 });
    expect(await resumed.state()).toEqual(await straight.state());
    straight.dispose();
    resumed.dispose();
  });

  test('keeps as many tensors after an update as before, and none after dispose', async () => {
    const empty = tf.memory().numTensors;
    const optimizer = createAdamW({ parameters: draw('parameters', 1), groups });
    const before = tf.memory().numTensors;
    optimizer.update({ gradients: draw('gradients', 1), learningRate: 0.01 });
    optimizer.load(await optimizer.state());
    expect(tf.memory().numTensors).toBe(before);
    optimizer.dispose();
    expect(tf.memory().numTensors).toBe(empty);
  });

  test('refuses vectors of another size', async () => {
    expect(() => createAdamW({ parameters: new Float32Array(3), groups })).toThrow(ModelError);
    const optimizer = createAdamW({ parameters: draw('parameters', 1), groups });
    expect(() => optimizer.update({ gradients: new Float32Array(size + 1), learningRate: 1 })).toThrow(ModelError);
    const state = await optimizer.state();
    for (const key of ['parameters', 'firstMoment', 'secondMoment'] as const) {
      expect(() => optimizer.load({ ...state, [key]: new Float32Array(size - 1) })).toThrow(ModelError);
    }
    expect(await optimizer.state()).toEqual(state);
    optimizer.dispose();
  });
});
