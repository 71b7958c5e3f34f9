import { createRandom, ModelError } from '@dgpo/trajectory';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { selectEngine } from '../engine/select-engine.js';
import { addLivelyLora, lossGradients, sequenceLogProbs, tinyDecoder } from '../model/__fixtures__/tiny-decoders.js';
import { createDecoder, type Decoder } from '../model/decoder.js';
import { decoderConfig } from '../model/decoder-config.js';
import { getParameters } from '../model/flat-parameters.js';
import { type HiddenStatesOptions, outputEmbedding } from '../model/forward.js';
import { valueHeadName } from '../model/parameter-shapes.js';
import { getTrainableParameters, setTrainableParameters, trainableParameters } from '../model/trainable-parameters.js';
import { embedding } from '../ops/embedding.js';
import { vocabularyKl } from '../ops/vocabulary-kl.js';
import { createSampler } from '../sampling/sampler.js';
import { trainCompactTokenizer } from '../tokenizer/compact-tokenizer.js';
import { addLora, mergeLora } from './add-lora.js';
import type { LoraAdapters } from './lora-adapters.js';
import { adapterNames, type LoraOptions, loraLayout, loraShapes } from './lora-layout.js';

const random = createRandom(5);
const sequences = [9, 4, 13].map((length) => Array.from({ length }, () => random.integer(60)));

async function scores(decoder: Decoder, options?: HiddenStatesOptions): Promise<Float32Array> {
  const tensor = tf.tidy(() => sequenceLogProbs(decoder, sequences, options));
  const values = await tensor.data<'float32'>();
  tensor.dispose();
  return values;
}

const largest = (values: Float32Array) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
const apart = (a: Float32Array, b: Float32Array) => largest(a.map((value, index) => value - (b[index] as number)));

const adapters = [
  ['llama', 'all-linear'],
  ['qwen2', ['q_proj', 'v_proj']],
  ['qwen3', ['k_proj', 'up_proj', 'layers.1.mlp.down_proj']],
  ['gpt2', 'all-linear'],
  ['gpt2', ['mlp.c_proj']],
] as const;

describe('names and shapes', () => {
  const config = decoderConfig({
    vocabularySize: 60,
    hiddenSize: 16,
    intermediateSize: 24,
    numHiddenLayers: 1,
    numAttentionHeads: 4,
    numKeyValueHeads: 2,
  });

  test('one pair for each projection of Hugging Face, A [rank, in] and B [out, rank]', () => {
    const shapes = loraShapes(config, { rank: 2, alpha: 4, targetModules: ['k_proj', 'gate_proj'], valueHead: true });
    expect([...shapes]).toEqual([
      ['model.layers.0.self_attn.k_proj.lora_A.weight', [2, 16]],
      ['model.layers.0.self_attn.k_proj.lora_B.weight', [8, 2]],
      ['model.layers.0.mlp.gate_proj.lora_A.weight', [2, 16]],
      ['model.layers.0.mlp.gate_proj.lora_B.weight', [24, 2]],
      ['score.weight', [1, 16]],
    ]);
    const gpt2 = decoderConfig({ ...config, modelType: 'gpt2', numKeyValueHeads: 4, hiddenAct: 'gelu_new' });
    expect([...loraShapes(gpt2, { rank: 2, alpha: 4, targetModules: ['c_attn', 'attn.c_proj', 'c_fc'] })]).toEqual([
      ['transformer.h.0.attn.c_attn.lora_A.weight', [2, 16]],
      ['transformer.h.0.attn.c_attn.lora_B.weight', [48, 2]],
      ['transformer.h.0.attn.c_proj.lora_A.weight', [2, 16]],
      ['transformer.h.0.attn.c_proj.lora_B.weight', [16, 2]],
      ['transformer.h.0.mlp.c_fc.lora_A.weight', [2, 16]],
      ['transformer.h.0.mlp.c_fc.lora_B.weight', [24, 2]],
    ]);
    expect(loraShapes(gpt2, { rank: 2, alpha: 4, targetModules: 'all-linear' }).size).toBe(8);
    expect(loraShapes(config, { rank: 2, alpha: 4, targetModules: 'all-linear' }).size).toBe(14);
  });

  test.each([
    [
      { targetModules: ['q_proj', 'c_attn'] },
      /"c_attn", no projection of llama; there are q_proj, k_proj, v_proj, o_proj/,
    ],
    [{ targetModules: ['proj'] }, /"proj"/],
    [{ targetModules: [] }, /targetModules is empty/],
    [{ rank: 0 }, /rank must be a positive whole number, not 0/],
    [{ rank: 1.5 }, /rank/],
    [{ alpha: 0 }, /alpha/],
    [{ alpha: Number.NaN }, /alpha/],
  ])('%j is refused', (wrong, message) => {
    const options = { rank: 2, alpha: 4, targetModules: 'all-linear' as const, ...wrong };
    expect(() => loraShapes(config, options)).toThrow(ModelError);
    expect(() => loraShapes(config, options)).toThrow(message);
    const decoder = createDecoder({ config });
    expect(() => addLora(decoder, options)).toThrow(message);
    expect(decoder.lora).toBeUndefined();
    decoder.dispose();
  });
});

describe.each(['cpu', 'wasm'] as const)('LoRA on %s', (engine) => {
  beforeAll(async () => {
    await selectEngine({ engine });
  });

  test('fresh adapters change nothing; A is uniform within 1/√in, from the seed alone, and B is 0', async () => {
    const decoder = await tinyDecoder('llama');
    const before = await scores(decoder);
    addLora(decoder, { rank: 8, alpha: 16, targetModules: 'all-linear', random: createRandom(3) });
    expect(await scores(decoder)).toEqual(before);
    for (const [name, variable] of trainableParameters(decoder)) {
      const values = await variable.data<'float32'>();
      if (name.includes('lora_B')) expect(largest(values)).toBe(0);
      else {
        const bound = 1 / Math.sqrt(variable.shape[1] as number);
        expect(largest(values)).toBeLessThanOrEqual(bound);
        expect(largest(values)).toBeGreaterThan(0.9 * bound);
        expect(Math.abs(values.reduce((sum, value) => sum + value, 0) / values.length)).toBeLessThan(0.25 * bound);
      }
    }
    const other = await tinyDecoder('llama');
    addLora(other, { rank: 8, alpha: 16, targetModules: 'all-linear', random: createRandom(3) });
    expect(await getTrainableParameters(other)).toEqual(await getTrainableParameters(decoder));
    decoder.dispose();
    other.dispose();
  });

  test.each(adapters)(
    '%s %j: the merged model agrees within 1e-5, without adapters it is the base',
    async (modelType, targetModules) => {
      const empty = tf.memory().numTensors;
      const decoder = await tinyDecoder(modelType);
      const base = await scores(decoder);
      const bare = tf.memory().numTensors;
      await addLivelyLora(decoder, { targetModules });
      const adapted = await scores(decoder);
      expect(apart(adapted, base)).toBeGreaterThan(0.05);
      expect(await scores(decoder, { lora: false })).toEqual(base);
      expect(() => addLora(decoder, { rank: 1, alpha: 1, targetModules: 'all-linear' })).toThrow(/already/);
      mergeLora(decoder);
      expect(tf.memory().numTensors).toBe(bare);
      expect(apart(await scores(decoder), adapted)).toBeLessThan(1e-5 * largest(adapted));
      expect(trainableParameters(decoder)).toBe(decoder.parameters);
      expect([...decoder.parameters.values()].every(({ trainable }) => trainable)).toBe(true);
      expect(() => mergeLora(decoder)).toThrow(/no adapters/);
      decoder.dispose();
      expect(tf.memory().numTensors).toBe(empty);
    },
  );

  test.each(adapters)(
    '%s %j: gradients are those of the merged weights by the chain rule',
    async (modelType, targetModules) => {
      const decoder = await tinyDecoder(modelType);
      await addLivelyLora(decoder, { targetModules, useRslora: true });
      const lora = decoder.lora as LoraAdapters;
      const { scale } = lora;
      expect(scale).toBeCloseTo(5 / Math.sqrt(3), 12);
      const { gradients } = await lossGradients(decoder, sequences);
      const shapes = loraShapes(decoder.config, lora.options);
      expect([...gradients.keys()]).toEqual([...shapes.keys()]);
      const values = new Map<string, Float32Array>();
      for (const [name, variable] of lora.parameters) values.set(name, await variable.data<'float32'>());
      mergeLora(decoder);
      const whole = (await lossGradients(decoder, sequences)).gradients;
      for (const { name: matrix, inputs, parts } of loraLayout(decoder.config, lora.options)) {
        const dWeight = whole.get(`${matrix}.weight`) as Float32Array;
        let first = 0;
        for (const { module, rows, adapted } of parts) {
          const part = dWeight.subarray(first * inputs, (first + rows) * inputs);
          first += rows;
          if (!adapted) continue;
          // W' = W + scale·B·A, so dA = scale·Bᵀ·dW' and dB = scale·dW'·Aᵀ.
          const { down, up } = adapterNames(module);
          const rank = lora.options.rank;
          const b = values.get(up) as Float32Array;
          const a = values.get(down) as Float32Array;
          const dA = new Float64Array(rank * inputs);
          const dB = new Float64Array(rows * rank);
          for (let row = 0; row < rows; row++) {
            for (let column = 0; column < inputs; column++) {
              const slope = scale * (part[row * inputs + column] as number);
              for (let inner = 0; inner < rank; inner++) {
                dA[inner * inputs + column] =
                  (dA[inner * inputs + column] as number) + (b[row * rank + inner] as number) * slope;
                dB[row * rank + inner] =
                  (dB[row * rank + inner] as number) + (a[inner * inputs + column] as number) * slope;
              }
            }
          }
          for (const [name, expected] of [
            [down, Float32Array.from(dA)],
            [up, Float32Array.from(dB)],
          ] as const) {
            expect(apart(gradients.get(name) as Float32Array, expected), name).toBeLessThan(2e-5 * largest(expected));
          }
        }
      }
      decoder.dispose();
    },
  );

  test('no gradient of a frozen matrix is computed, nor one of the output embeddings', async () => {
    const decoder = await tinyDecoder('llama');
    await addLivelyLora(decoder, { targetModules: 'all-linear' });
    const variables = [...trainableParameters(decoder).values()];
    const { kernels } = await tf.profile(() => {
      const { value, grads } = tf.variableGrads(() => {
        const logProbs = sequenceLogProbs(decoder, sequences);
        const weight = outputEmbedding(decoder);
        const hidden = embedding({ table: variables[0] as tf.Variable, ids: tf.tensor1d([0, 1], 'int32') });
        const options = { hidden, weight, teacherHidden: tf.ones([2, 16]), teacherWeight: weight, mask: tf.ones([2]) };
        return tf.sum(tf.concat([logProbs, vocabularyKl({ ...options, direction: 'forward' })])) as tf.Scalar;
      }, variables);
      tf.dispose([value, grads]);
      return [];
    });
    const frozen = new Set(
      [...decoder.parameters.values()].filter(({ rank }) => rank === 2).map(({ shape }) => `${shape}`),
    );
    const computed = kernels
      // Views of the weights, which cost nothing.
      .filter(({ name }) => !['Identity', 'Reshape'].includes(name))
      .map(({ name, outputShapes }) => [name, ...outputShapes.map((shape) => `${shape}`.replace(/^1,(?=.*,)/, ''))])
      .filter((shapes) => shapes.some((shape) => frozen.has(shape)));
    expect(computed).toEqual([]);
    decoder.dispose();
  });

  test('the adapters of a critic are trained with its head, and go through one vector', async () => {
    const decoder = await tinyDecoder('qwen2', { valueHead: true });
    const frozen = await getParameters(decoder);
    addLora(decoder, { rank: 2, alpha: 4, targetModules: ['q_proj', 'down_proj'], random: createRandom(1) });
    const shapes = loraShapes(decoder.config, { ...(decoder.lora?.options as LoraOptions), valueHead: true });
    expect([...trainableParameters(decoder)].map(([name, { shape }]) => [name, shape])).toEqual([...shapes]);
    expect(trainableParameters(decoder).get(valueHeadName)?.trainable).toBe(true);
    const flat = await getTrainableParameters(decoder);
    expect(flat.length).toBe([...shapes.values()].reduce((total, [rows, columns]) => total + rows * columns, 0));
    const counted = flat.map((_, index) => index);
    setTrainableParameters(decoder, counted);
    expect(await getTrainableParameters(decoder)).toEqual(counted);
    // All but the head are as they were.
    expect((await getParameters(decoder)).slice(0, -16)).toEqual(frozen.slice(0, -16));
    expect(() => setTrainableParameters(decoder, counted.slice(1))).toThrow(/too short/);
    expect(() => setTrainableParameters(decoder, new Float32Array(flat.length + 1))).toThrow(/too long/);
    decoder.dispose();
  });

  test.each(['qwen3', 'gpt2'] as const)(
    '%s: log-probabilities of the sampler are those of training with adapters',
    async (modelType) => {
      const tokenizer = trainCompactTokenizer({ texts: ['the cat sat'], specialTokens: [], maximumPieces: 4 });
      const decoder = await tinyDecoder(modelType, { vocabularySize: tokenizer.vocabularySize });
      await addLivelyLora(decoder, { targetModules: 'all-linear' });
      const sampler = createSampler({ decoder, tokenizer, slots: 2 });
      const context = [5, 1, 7];
      const [result] = await sampler.generate([
        { id: 'a', contextTokenIds: context, maxTokens: 8, temperature: 1, random: createRandom(0) },
      ]);
      const tensor = tf.tidy(() => sequenceLogProbs(decoder, [[...context, ...(result?.tokenIds ?? [])]]));
      const expected = (await tensor.data<'float32'>()).slice(context.length - 1);
      tensor.dispose();
      expect(result?.tokenIds.length).toBeGreaterThan(0);
      expect(apart(Float32Array.from(result?.logProbs ?? []), expected)).toBeLessThan(1e-4);
      sampler.dispose();
      decoder.dispose();
    },
  );
});
