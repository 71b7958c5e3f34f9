import { createRandom } from '@dgpo/trajectory';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  createDecoder,
  createSampler,
  type Decoder,
  decoderConfig,
  getParameters,
  hiddenStates,
  setParameters,
  tokenBatch,
  trainCompactTokenizer,
} from '../index.js';
import { centralDifferences } from '../kernels/test-values.js';
import type { ModelType } from '../model/architecture.js';
import { adamWUpdate } from '../ops/adamw-update.js';
import * as ops from '../ops/index.js';
import { tokenLogProbsReference } from '../ops/token-log-probs.js';
import { vocabularyKlReference } from '../ops/vocabulary-kl.js';
import { caseGradients, createCase, decoderCases, trainingStep } from './__fixtures__/decoder-cases.js';
import { adamW64 } from './__fixtures__/float64-ops.js';
import { type OpCase, opCases } from './__fixtures__/op-cases.js';
import { findBlas } from './blas.js';
import { useBlas } from './matrix-product.js';
import { selectEngine } from './select-engine.js';

/** Which engines are held against the definition: DGPO_ENGINES, else those that npm alone provides. */
const variants = ['tensorflow', 'webgpu', 'wasm', 'wasm+blas', 'cpu'] as const;
const engines = (process.env.DGPO_ENGINES || 'cpu,wasm').split(',').map((name) => {
  const variant = variants.find((candidate) => candidate === name.trim());
  if (variant === undefined) throw new Error(`DGPO_ENGINES: unknown engine "${name}"; choose ${variants.join(', ')}`);
  return variant;
});

/** Starts an engine; `wasm+blas` is wasm with every matrix product, however small, on the native library. */
async function startEngine(variant: (typeof variants)[number]): Promise<void> {
  const name = variant === 'wasm+blas' ? 'wasm' : variant;
  const engine = await selectEngine({ engine: name, blas: 'off' });
  expect(engine.name).toBe(name);
  expect(tf.getBackend()).toBe(name);
  if (variant !== 'wasm+blas') return;
  const found = await findBlas();
  if (found.blas === undefined) throw new Error(`wasm+blas: ${found.reason} (docs/engines.md)`);
  useBlas({ ...found.blas, worthwhile: (_m, _n, k) => k > 0 });
}

/** Differences count relative to the largest element. */
function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, options: { tolerance: number }): void {
  expect(actual.length).toBe(expected.length);
  let scale = 1e-3;
  for (let index = 0; index < expected.length; index++) scale = Math.max(scale, Math.abs(expected[index] as number));
  for (let index = 0; index < expected.length; index++) {
    const difference = Math.abs((actual[index] as number) - (expected[index] as number)) / scale;
    if (!(difference <= options.tolerance)) {
      expect.fail(`[${index}]: ${actual[index]} is not ${expected[index]} (scale ${scale})`);
    }
  }
}

const size = (shape: readonly number[]) => shape.reduce((product, dimension) => product * dimension, 1);

/** Value of an op and its gradient by each input, where the output is contracted with `weights` so that every element counts. */
async function onEngine(opCase: OpCase, data: Record<string, Float32Array>, weights: Float32Array) {
  const names = Object.keys(data);
  const tensors = names.map((name) => tf.tensor(data[name] as Float32Array, opCase.shapes[name] as number[]));
  const compute = (...inputs: tf.Tensor[]) => opCase.compute((name) => inputs[names.indexOf(name)] as tf.Tensor);
  const outputs = tf.tidy(() => {
    const value = compute(...tensors);
    const contracted = (...inputs: tf.Tensor[]) => tf.sum(tf.mul(compute(...inputs), tf.tensor(weights, value.shape)));
    return [value, ...tf.grads(contracted)(tensors)];
  });
  const [value, ...gradients] = await Promise.all(outputs.map((tensor) => tensor.data()));
  tf.dispose([tensors, outputs]);
  return { value: value as Float32Array, gradients: Object.fromEntries(names.map((name, i) => [name, gradients[i]])) };
}

const modelTypes: readonly ModelType[] = ['llama', 'qwen2', 'qwen3', 'gpt2'];
const tokenizer = trainCompactTokenizer({ texts: ['the cat sat on the mat'], specialTokens: [], maximumPieces: 4 });
const config = decoderConfig({
  vocabularySize: tokenizer.vocabularySize,
  hiddenSize: 16,
  intermediateSize: 24,
  numHiddenLayers: 2,
  numAttentionHeads: 4,
  numKeyValueHeads: 2,
  maxPositionEmbeddings: 96,
});

/** Weights ten times larger than at the start of training, so that every part of the model matters. */
async function createLively(modelType: ModelType = 'llama'): Promise<Decoder> {
  const groups =
    modelType === 'gpt2' ? { intermediateSize: 64, numKeyValueHeads: 4, hiddenAct: 'gelu_new' as const } : {};
  const decoder = createDecoder({
    config: decoderConfig({ ...config, modelType, ...groups }),
    random: createRandom(1),
  });
  const flat = await getParameters(decoder);
  setParameters(
    decoder,
    flat.map((value) => (value === 1 ? 1 : value * 10)),
  );
  return decoder;
}

/** Log-probabilities of sampled tokens under the processed distribution, from the logits of the training path. */
async function processed(
  decoder: Decoder,
  context: readonly number[],
  tokenIds: readonly number[],
  options: { temperature: number; topK?: number; topP?: number; minP?: number },
): Promise<number[]> {
  const { temperature, topK = config.vocabularySize, topP = 1, minP = 0 } = options;
  const batch = tokenBatch({ sequences: [[...context, ...tokenIds]] });
  const logits = tf.tidy(() =>
    ops.linear({
      x: hiddenStates(decoder, batch),
      weight: decoder.parameters.get('model.embed_tokens.weight') as tf.Variable,
    }),
  );
  const flat = await logits.data();
  logits.dispose();
  batch.dispose();
  return tokenIds.map((id, index) => {
    const start = (context.length + index - 1) * config.vocabularySize;
    const row = Array.from(flat.slice(start, start + config.vocabularySize), (logit) => logit / temperature);
    const highest = Math.max(...row);
    let kept = row.map((value) => Math.exp(value - highest)).sort((a, b) => b - a);
    kept = kept.slice(0, topK);
    const total = kept.reduce((sum, weight) => sum + weight, 0);
    let sum = 0;
    let count = 0;
    while (count < kept.length && (topP >= 1 || sum < topP * total)) sum += kept[count++] as number;
    const left = kept.slice(0, count).filter((weight) => weight >= minP);
    return (row[id] as number) - highest - Math.log(left.reduce((rest, weight) => rest + weight, 0));
  });
}

test('every op has a case', () => {
  expect([...new Set(opCases.map(({ op }) => op))].sort()).toEqual(Object.keys(ops).sort());
});

describe.each(engines)('the engine %s', (engine) => {
  beforeAll(async () => {
    await startEngine(engine);
  });

  test.each(opCases)('$op, $title: value and gradient are those of the definition in float64', async (opCase) => {
    const draw = createRandom(3).split(opCase.op, opCase.title);
    const data = Object.fromEntries(
      Object.entries(opCase.shapes).map(([name, shape]) => [
        name,
        Float32Array.from({ length: size(shape) }, () => draw.normal()),
      ]),
    );
    const float64 = (replaced: Record<string, ArrayLike<number>>) =>
      opCase.float64((name) => (replaced[name] ?? data[name]) as ArrayLike<number>);
    const expected = float64({});
    const weights = Float32Array.from(expected, () => draw.normal());
    const before = tf.memory().numTensors;
    const { value, gradients } = await onEngine(opCase, data, weights);
    expect(tf.memory().numTensors).toBe(before);
    expectClose(value, expected, { tolerance: 2e-5 });
    for (const [name, values] of Object.entries(data)) {
      const numeric = centralDifferences(values, (moved) =>
        float64({ [name]: moved }).reduce((total, output, index) => total + output * (weights[index] as number), 0),
      );
      expectClose(gradients[name] as Float32Array, numeric, { tolerance: 2e-5 });
    }
  });

  test('losses over the vocabulary from stock ops are the same in chunks of rows, and leave no tensor', async () => {
    const draw = createRandom(6).split('vocabulary');
    const normal = (shape: [number, number]) =>
      tf.tensor2d(
        Float32Array.from({ length: size(shape) }, () => draw.normal()),
        shape,
      );
    const hidden = normal([7, 5]);
    const weight = tf.variable(normal([23, 5]));
    const teacherHidden = normal([7, 3]);
    const teacherWeight = normal([23, 3]);
    const losses = (rowsAtOnce: number) => (states: tf.Tensor) => {
      const scored = tokenLogProbsReference({
        hidden: states,
        weight,
        targets: tf.tensor1d([3, -1, 0, 22, 6, -1, 9], 'int32'),
        temperature: 0.7,
        rowsAtOnce,
      });
      const divergence = vocabularyKlReference({
        ...{ hidden: states, weight, teacherHidden, teacherWeight, rowsAtOnce },
        mask: tf.tensor1d([1, 1, 0, 1, 0, 1, 1]),
        direction: 'reverse',
      });
      return tf.stack([scored.logProbs, scored.entropy, divergence]);
    };
    const evaluate = async (rowsAtOnce: number) => {
      const outputs = tf.tidy(() => {
        const total = (states: tf.Tensor) => tf.sum(tf.square(losses(rowsAtOnce)(states)));
        const { grads } = tf.variableGrads(() => total(hidden) as tf.Scalar, [weight]);
        return [losses(rowsAtOnce)(hidden), tf.grad(total)(hidden), grads[weight.name] as tf.Tensor];
      });
      const values = await Promise.all(outputs.map((tensor) => tensor.data<'float32'>()));
      tf.dispose(outputs);
      return values;
    };
    const before = tf.memory().numTensors;
    const expected = await evaluate(7);
    for (const trainable of [true, false]) {
      weight.trainable = trainable;
      const actual = tf.tidy(() => tf.grad((states) => tf.sum(tf.square(losses(3)(states))))(hidden));
      expectClose(await actual.data(), expected[1] as Float32Array, { tolerance: 1e-5 });
      actual.dispose();
    }
    weight.trainable = true;
    for (const [index, values] of (await evaluate(3)).entries()) {
      expectClose(values, expected[index] as Float32Array, { tolerance: 1e-5 });
    }
    expect(tf.memory().numTensors).toBe(before);
    tf.dispose([hidden, weight, teacherHidden, teacherWeight]);
  });

  test('an AdamW update is that of the definition in float64', async () => {
    const draw = createRandom(5).split('adamw');
    const normal = () => Float32Array.from({ length: 37 }, () => draw.normal());
    const values = {
      parameters: normal(),
      gradients: normal(),
      firstMoment: normal(),
      secondMoment: normal().map((value) => value * value),
      weightDecay: new Float32Array(37).fill(0.1, 0, 20),
    };
    const coefficients = { learningRate: 0.05, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, step: 3 };
    const expected = adamW64({ ...values, ...coefficients });
    const tensors = {
      parameters: tf.tensor1d(values.parameters),
      gradients: tf.tensor1d(values.gradients),
      firstMoment: tf.tensor1d(values.firstMoment),
      secondMoment: tf.tensor1d(values.secondMoment),
    };
    const result = adamWUpdate(tensors, coefficients, [
      { start: 0, count: 20, weightDecay: Math.fround(0.1) },
      { start: 20, count: 17, weightDecay: 0 },
    ]);
    for (const name of ['parameters', 'firstMoment', 'secondMoment'] as const) {
      expectClose(await result[name].data(), expected[name], { tolerance: 1e-6 });
    }
    // On some engines the results are the tensors given, overwritten.
    tf.dispose([Object.values(tensors), Object.values(result)]);
  });

  test.each(decoderCases)(
    '$modelType, LoRA: $lora: forward pass, gradient and AdamW step equal those of the engine cpu, and leave no tensor',
    async (decoderCase) => {
      await selectEngine({ engine: 'cpu' });
      const expected = await trainingStep(decoderCase);
      await startEngine(engine);
      const actual = await trainingStep(decoderCase);
      for (const name of ['logProbs', 'gradients', 'updated', 'logProbsAfter'] as const) {
        expectClose(actual[name], expected[name], { tolerance: 1e-4 });
      }
      expect(actual.left).toBe(0);
    },
  );

  test.each(decoderCases)(
    '$modelType, LoRA: $lora: gradient checkpointing changes no gradient and leaves no tensor',
    async (decoderCase) => {
      const decoder = await createCase(decoderCase);
      const expected = await caseGradients(decoder);
      const before = tf.memory().numTensors;
      const actual = await caseGradients(decoder, { gradientCheckpointing: true });
      expect(tf.memory().numTensors).toBe(before);
      expectClose(actual, expected, { tolerance: 1e-6 });
      decoder.dispose();
    },
  );

  describe.each(modelTypes)('the sampler of a %s decoder', (modelType) => {
    test.each([
      { title: 'temperature 1', temperature: 1 },
      { title: 'a cut distribution', temperature: 0.7, topK: 90, topP: 0.9, minP: 0.02 },
    ])('gives the log-probabilities of training within 1e-4 over calls that go on: $title', async (options) => {
      const { title, ...distribution } = options;
      const decoder = await createLively(modelType);
      const before = tf.memory().numTensors;
      const sampler = createSampler({ decoder, tokenizer, slots: 3, maxStepTokens: 23 });
      const draw = createRandom(6).split(title);
      const tokens = (count: number) => Array.from({ length: count }, () => draw.integer(config.vocabularySize));
      const group = tokens(25);
      let contexts = [group, [...group, 7], tokens(3), tokens(1), group];
      for (const turn of [0, 1]) {
        const results = await sampler.generate(
          contexts.map((contextTokenIds, id) => ({
            id: `${id}`,
            contextTokenIds,
            maxTokens: 5 + id,
            ...distribution,
            random: createRandom(9).split(id, turn),
          })),
        );
        for (const [id, { tokenIds, logProbs }] of results.entries()) {
          const context = contexts[id] as number[];
          expect(tokenIds.length).toBeGreaterThan(0);
          for (const [index, expected] of (await processed(decoder, context, tokenIds, distribution)).entries()) {
            expect(Math.abs((logProbs[index] as number) - expected)).toBeLessThan(1e-4);
          }
        }
        contexts = contexts.map((context, id) => [...context, ...(results[id]?.tokenIds ?? []), 12, 13]);
      }
      sampler.dispose();
      expect(tf.memory().numTensors).toBe(before);
      decoder.dispose();
    });
  });
});

describe.each(engines.filter((engine) => engine === 'wasm+blas'))('the library of %s', () => {
  test('multiplies the shapes of a decoder as float64 does, and the same bytes again', async () => {
    const found = await findBlas();
    if (found.blas === undefined) throw new Error(found.reason);
    const draw = createRandom(1).split('native BLAS');
    const values = (count: number) => Float32Array.from({ length: count }, () => draw.normal());
    for (const { m, n, k, transposeA, transposeB } of [
      { m: 256, n: 96, k: 64, transposeA: false, transposeB: true },
      { m: 96, n: 64, k: 256, transposeA: true, transposeB: false },
      { m: 130, n: 64, k: 96, transposeA: false, transposeB: false },
    ]) {
      const [a, b] = [values(m * k), values(k * n)];
      const [c, again] = [new Float32Array(m * n), new Float32Array(m * n)];
      for (const result of [c, again]) found.blas.sgemm({ m, n, k, a, transposeA, b, transposeB, beta: 0, c: result });
      expect(again).toEqual(c);
      let worst = 0;
      for (let i = 0; i < m; i++) {
        for (let j = 0; j < n; j++) {
          let sum = 0;
          for (let p = 0; p < k; p++) {
            sum += (a[transposeA ? p * m + i : i * k + p] ?? 0) * (b[transposeB ? j * k + p : p * n + j] ?? 0);
          }
          worst = Math.max(worst, Math.abs((c[i * n + j] ?? Number.NaN) - sum));
        }
      }
      expect(worst).toBeLessThan(1e-5 * Math.sqrt(k));
    }
  });
});
