import { createRandom } from '@dgpo/trajectory';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { selectEngine } from '../engine/select-engine.js';
import { addLivelyLora, lossGradients, sequenceLogProbs, tinyDecoder } from './__fixtures__/tiny-decoders.js';
import { trainableParameters } from './trainable-parameters.js';

const random = createRandom(5);
const sequences = [9, 4, 13].map((length) => Array.from({ length }, () => random.integer(60)));

describe.each(['cpu', 'wasm'] as const)('gradient checkpointing on %s', (engine) => {
  beforeAll(async () => {
    await selectEngine({ engine });
  });

  test.each([
    ['llama', false],
    ['qwen3', false],
    ['gpt2', false],
    ['qwen2', true],
    ['gpt2', true],
  ] as const)('%s, adapters: %s: loss and gradients to the bit, and no tensor left', async (modelType, lora) => {
    const decoder = await tinyDecoder(modelType);
    if (lora) await addLivelyLora(decoder, { targetModules: 'all-linear' });
    const expected = await lossGradients(decoder, sequences);
    const before = tf.memory().numTensors;
    const actual = await lossGradients(decoder, sequences, { gradientCheckpointing: true });
    expect(tf.memory().numTensors).toBe(before);
    expect(actual).toEqual(expected);
    for (const [name, gradient] of actual.gradients)
      expect([name, gradient.some((value) => value !== 0)]).toEqual([name, true]);
    decoder.dispose();
  });

  test('outside of a gradient it changes nothing', async () => {
    const decoder = await tinyDecoder('llama');
    const before = tf.memory().numTensors;
    const [plain, checkpointed] = [false, true].map((gradientCheckpointing) =>
      tf.tidy(() => sequenceLogProbs(decoder, sequences, { gradientCheckpointing })),
    ) as [tf.Tensor, tf.Tensor];
    expect(await checkpointed.data()).toEqual(await plain.data());
    tf.dispose([plain, checkpointed]);
    expect(tf.memory().numTensors).toBe(before);
    decoder.dispose();
  });

  test.each([false, true])('six layers need less than half of the memory at the peak; adapters: %s', async (lora) => {
    const decoder = await tinyDecoder('llama', { numHiddenLayers: 6 });
    if (lora) await addLivelyLora(decoder, { targetModules: 'all-linear' });
    const long = [0, 1, 2, 3].map((row) => Array.from({ length: 32 }, (_, index) => (row + 7 * index) % 60));
    const variables = [...trainableParameters(decoder).values()];
    const peak = async (gradientCheckpointing: boolean) => {
      const { numBytes } = tf.memory();
      const { peakBytes } = await tf.profile(() => {
        const step = () => tf.neg(tf.mean(sequenceLogProbs(decoder, long, { gradientCheckpointing }))) as tf.Scalar;
        const { value, grads } = tf.variableGrads(step, variables);
        tf.dispose([value, grads]);
        return [];
      });
      return peakBytes - numBytes;
    };
    const ratio = (await peak(true)) / (await peak(false));
    expect(ratio).toBeLessThan(0.5);
    decoder.dispose();
  });
});
