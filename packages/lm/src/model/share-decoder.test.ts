import { createRandom, ModelError } from '@dgpo/trajectory';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { selectEngine } from '../engine/select-engine.js';
import { addLora, mergeLora } from '../lora/add-lora.js';
import { createSampler } from '../sampling/sampler.js';
import { trainCompactTokenizer } from '../tokenizer/compact-tokenizer.js';
import { addLivelyLora, lossGradients, sequenceLogProbs, tinyDecoder } from './__fixtures__/tiny-decoders.js';
import type { Decoder } from './decoder.js';
import { getParameters, setParameters } from './flat-parameters.js';
import { hiddenStates, valuesOf } from './forward.js';
import { valueHeadName } from './parameter-shapes.js';
import { shareDecoder } from './share-decoder.js';
import { tokenBatch } from './token-batch.js';
import { getTrainableParameters, setTrainableParameters, trainableParameters } from './trainable-parameters.js';

const tokenizer = trainCompactTokenizer({ texts: ['the cat sat'], specialTokens: [], maximumPieces: 4 });
const { vocabularySize } = tokenizer;
const random = createRandom(5);
const sequences = [9, 4, 13].map((length) => Array.from({ length }, () => random.integer(vocabularySize)));
const targetModules = ['q_proj', 'o_proj', 'up_proj'];

async function read(compute: () => tf.Tensor): Promise<Float32Array> {
  const tensor = tf.tidy(compute);
  const values = await tensor.data<'float32'>();
  tensor.dispose();
  return values;
}

const scores = (decoder: Decoder, options = {}) => read(() => sequenceLogProbs(decoder, sequences, options));

function values(decoder: Decoder): Promise<Float32Array> {
  const batch = tokenBatch({ sequences });
  return read(() => valuesOf(decoder, hiddenStates(decoder, batch))).finally(() => batch.dispose());
}

async function sample(decoder: Decoder) {
  const sampler = createSampler({ decoder, tokenizer, slots: 2 });
  const results = await sampler.generate(
    ['a', 'b', 'c'].map((id) => ({
      id,
      contextTokenIds: [5, 1, 7, id.charCodeAt(0)],
      maxTokens: 8,
      temperature: 1,
      random: createRandom(2).split(id),
    })),
  );
  sampler.dispose();
  return results;
}

/** One step down the gradient of everything that is trained. */
async function train(decoder: Decoder): Promise<void> {
  const { gradients } = await lossGradients(decoder, sequences);
  const slopes = [...trainableParameters(decoder).keys()].flatMap((name) => [...(gradients.get(name) as Float32Array)]);
  const flat = await getTrainableParameters(decoder);
  setTrainableParameters(
    decoder,
    flat.map((value, index) => value - 0.5 * (slopes[index] as number)),
  );
}

describe.each(['cpu', 'wasm'] as const)('shareDecoder on %s', (engine) => {
  beforeAll(async () => {
    await selectEngine({ engine });
  });

  test.each(['qwen3', 'gpt2'] as const)(
    '%s: a share computes bit by bit what a copy with the same adapters does',
    async (modelType) => {
      const options = { targetModules: modelType === 'gpt2' ? ['c_attn', 'c_fc'] : targetModules };
      const base = await tinyDecoder(modelType, { vocabularySize });
      const copy = await tinyDecoder(modelType, { vocabularySize });
      const share = shareDecoder(base);
      for (const decoder of [share, copy]) await addLivelyLora(decoder, options);
      const plain = await scores(base);
      expect(await scores(share)).toEqual(await scores(copy));
      expect(await scores(share)).not.toEqual(plain);
      expect(await scores(share, { lora: false })).toEqual(plain);
      expect(await sample(share)).toEqual(await sample(copy));
      for (const gradientCheckpointing of [false, true]) {
        const ours = await lossGradients(share, sequences, { gradientCheckpointing });
        expect(ours).toEqual(await lossGradients(copy, sequences, { gradientCheckpointing }));
        expect(ours.gradients.size).toBe(share.lora?.parameters.size);
      }
      for (const decoder of [share, base, copy]) decoder.dispose();
    },
  );

  test('a critic on the base has a head of its own, after its adapters', async () => {
    const base = await tinyDecoder('llama', { vocabularySize });
    const copy = await tinyDecoder('llama', { vocabularySize, valueHead: true });
    const critic = shareDecoder(base, { valueHead: true });
    expect([...trainableParameters(critic).keys()]).toEqual([valueHeadName]);
    for (const decoder of [critic, copy]) {
      addLora(decoder, { rank: 2, alpha: 4, targetModules, random: createRandom(1) });
      const flat = await getTrainableParameters(decoder);
      setTrainableParameters(
        decoder,
        flat.map((_, index) => Math.sin(index)),
      );
    }
    expect(base.parameters.has(valueHeadName)).toBe(false);
    expect([...trainableParameters(critic).keys()]).toEqual([...trainableParameters(copy).keys()]);
    expect([...trainableParameters(critic).keys()].at(-1)).toBe(valueHeadName);
    expect((await values(critic)).some((value) => value !== 0)).toBe(true);
    expect(await values(critic)).toEqual(await values(copy));
    const other = shareDecoder(copy);
    expect(other.parameters.has(valueHeadName)).toBe(false);
    for (const decoder of [critic, base, other, copy]) decoder.dispose();
  });

  test('training one changes neither the base nor another', async () => {
    const base = await tinyDecoder('llama', { vocabularySize });
    const weights = await getParameters(base);
    const [first, second] = [shareDecoder(base), shareDecoder(base)];
    for (const share of [first, second]) await addLivelyLora(share, { targetModules });
    const before = await scores(second);
    await train(first);
    await train(first);
    expect(await scores(first)).not.toEqual(before);
    expect(await scores(second)).toEqual(before);
    expect(await getParameters(base)).toEqual(weights);
    expect(trainableParameters(base).size).toBe(0);
    for (const decoder of [first, second, base]) decoder.dispose();
  });

  test('shares cost what is their own, and free no more than that', async () => {
    const empty = tf.memory();
    const base = await tinyDecoder('llama', { vocabularySize: 4000 });
    const alone = tf.memory();
    const share = shareDecoder(base, { valueHead: true });
    const again = shareDecoder(share);
    expect(again.base).toBe(base);
    for (const decoder of [share, again]) addLora(decoder, { rank: 1, alpha: 1, targetModules: ['q_proj'] });
    expect(tf.memory().numBytes - alone.numBytes).toBe(4 * (16 + 2 * 2 * (16 + 16)));
    expect(alone.numBytes - empty.numBytes).toBeGreaterThan(4 * 16 * 4000);
    expect(() => base.dispose()).toThrow(ModelError);
    expect(() => base.dispose()).toThrow('other models (2) run on the parameters of this one; dispose them first');
    expect(() => setParameters(base, new Float32Array())).toThrow(/other models \(2\)/);
    expect(() => setParameters(again, new Float32Array())).toThrow(/belong to the model that this one was made from/);
    expect(() => mergeLora(share)).toThrow(/belong to the model/);
    expect([...base.parameters.values()].some(({ trainable }) => trainable)).toBe(false);
    again.dispose();
    again.dispose();
    expect(() => base.dispose()).toThrow(/other models \(1\)/);
    share.dispose();
    expect(tf.memory()).toMatchObject({ numTensors: alone.numTensors, numBytes: alone.numBytes });
    expect(trainableParameters(base)).toBe(base.parameters);
    expect([...base.parameters.values()].every(({ trainable }) => trainable)).toBe(true);
    base.dispose();
    expect(tf.memory().numTensors).toBe(empty.numTensors);
  });

  test('a base with adapters of its own keeps them to itself', async () => {
    const base = await tinyDecoder('llama', { vocabularySize });
    const plain = await scores(base);
    await addLivelyLora(base, { targetModules });
    const share = shareDecoder(base);
    expect(await scores(share)).toEqual(plain);
    expect(() => mergeLora(base)).toThrow(/other models \(1\)/);
    share.dispose();
    expect([...base.parameters.values()].some(({ trainable }) => trainable)).toBe(false);
    base.dispose();
  });
});
