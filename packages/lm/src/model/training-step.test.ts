import { createRandom } from '@dgpo/trajectory';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { selectEngine } from '../engine/select-engine.js';
import { embedding } from '../ops/embedding.js';
import { tokenLogProbs } from '../ops/token-log-probs.js';
import { createAdamW } from '../optimizer/adamw.js';
import { createSampler } from '../sampling/sampler.js';
import { trainCompactTokenizer } from '../tokenizer/compact-tokenizer.js';
import { float64Logits, float64Loss } from './__fixtures__/float64-decoder.js';
import { createDecoder, type Decoder } from './decoder.js';
import { decoderConfig } from './decoder-config.js';
import { concatenate, getParameters, setParameters } from './flat-parameters.js';
import { hiddenStates, outputEmbedding } from './forward.js';
import { tokenBatch } from './token-batch.js';

const tokenizer = trainCompactTokenizer({ texts: ['the cat sat on the mat'], specialTokens: [], maximumPieces: 4 });
const config = decoderConfig({
  vocabularySize: tokenizer.vocabularySize,
  hiddenSize: 16,
  intermediateSize: 24,
  numHiddenLayers: 2,
  numAttentionHeads: 4,
  numKeyValueHeads: 2,
  maxPositionEmbeddings: 32,
});

/** Weights ten times larger than at the start of training, so that every part of the model matters. */
async function createLively(seed: number): Promise<Decoder> {
  const decoder = createDecoder({ config, random: createRandom(seed) });
  const random = createRandom(seed).split('norms');
  const flat = await getParameters(decoder);
  setParameters(
    decoder,
    flat.map((value) => (value === 1 ? 1 + 0.3 * random.normal() : value * 10)),
  );
  return decoder;
}

function draw(count: number, length: (row: number) => number): number[][] {
  const random = createRandom(4).split('sequences');
  return Array.from({ length: count }, (_, row) =>
    Array.from({ length: length(row) }, () => random.integer(config.vocabularySize)),
  );
}

/** Summed negative log-likelihood of all tokens but the first, and its gradient with respect to all parameters. */
async function lossAndGradients(decoder: Decoder, sequences: readonly number[][]) {
  const batch = tokenBatch({ sequences });
  const variables = [...decoder.parameters.values()];
  const { value, grads } = tf.variableGrads(() => {
    const rows = sequences.flatMap((ids, row) => ids.slice(1).map((_, index) => row * batch.time + index));
    const hidden = embedding({ table: hiddenStates(decoder, batch), ids: tf.tensor1d(rows, 'int32') });
    const targets = tf.tensor1d(
      sequences.flatMap((ids) => ids.slice(1)),
      'int32',
    );
    const weight = outputEmbedding(decoder);
    return tf.neg(tf.sum(tokenLogProbs({ hidden, weight, targets }).logProbs)) as tf.Scalar;
  }, variables);
  const parts = await Promise.all(variables.map((variable) => (grads[variable.name] as tf.Tensor).data()));
  const [loss] = await value.data();
  tf.dispose([value, grads]);
  batch.dispose();
  return { loss: loss as number, gradients: concatenate(parts as Float32Array[]) };
}

async function float64Parameters(decoder: Decoder): Promise<Map<string, number[][]>> {
  const result = new Map<string, number[][]>();
  for (const [name, variable] of decoder.parameters) {
    const width = variable.shape.at(-1) as number;
    const values = [...(await variable.data())];
    result.set(
      name,
      Array.from({ length: values.length / width }, (_, row) => values.slice(row * width, (row + 1) * width)),
    );
  }
  return result;
}

const largest = (values: Float32Array) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

describe.each(['cpu', 'wasm'] as const)('a training step on %s', (engine) => {
  beforeAll(async () => {
    await selectEngine({ engine });
  });

  test('loss and gradients are those of the decoder written out in float64, by central differences', async () => {
    const decoder = await createLively(1);
    // Of different lengths: the shorter rows are padded here and not there.
    const sequences = draw(3, (row) => [9, 4, 13][row] as number);
    const { loss, gradients } = await lossAndGradients(decoder, sequences);
    const parameters = await float64Parameters(decoder);
    const expected = float64Loss({ config, parameters, sequences });
    expect(Math.abs(loss / expected - 1)).toBeLessThan(1e-6);

    const random = createRandom(2).split('elements');
    let offset = 0;
    for (const [name, matrix] of parameters) {
      const width = (matrix[0] as number[]).length;
      const size = matrix.length * width;
      const own = gradients.subarray(offset, offset + size);
      offset += size;
      const scale = largest(own);
      // The element with the largest gradient and two others of each parameter.
      const elements = [
        own.findIndex((value) => Math.abs(value) === scale),
        random.integer(size),
        random.integer(size),
      ];
      for (const element of elements) {
        const row = matrix[Math.floor(element / width)] as number[];
        const column = element % width;
        const centre = row[column] as number;
        const lossAt = (value: number) => {
          row[column] = value;
          return float64Loss({ config, parameters, sequences });
        };
        const numeric = (lossAt(centre + 1e-4) - lossAt(centre - 1e-4)) / 2e-4;
        row[column] = centre;
        expect(Math.abs((own[element] as number) - numeric) / scale, `${name}[${element}]`).toBeLessThan(2e-5);
      }
    }
    decoder.dispose();
  });

  test('greedy sampling takes the most probable token of the float64 decoder, with its log-probability', async () => {
    const decoder = await createLively(5);
    const sampler = createSampler({ decoder, tokenizer, slots: 2 });
    const context = [5, 200, 17];
    const [result] = await sampler.generate([
      { id: 'a', contextTokenIds: context, maxTokens: 12, temperature: 0, random: createRandom(0) },
    ]);
    const tokenIds = [...context, ...(result?.tokenIds ?? [])];
    const logits = float64Logits({ config, parameters: await float64Parameters(decoder), tokenIds });
    expect(result?.tokenIds.length).toBeGreaterThan(0);
    result?.tokenIds.forEach((id, index) => {
      const row = logits[context.length + index - 1] as number[];
      expect(id).toBe(row.indexOf(Math.max(...row)));
      const logProb = (row[id] as number) - Math.log(row.reduce((sum, logit) => sum + Math.exp(logit), 0));
      expect(Math.abs((result.logProbs[index] as number) - logProb)).toBeLessThan(1e-5);
    });
    sampler.dispose();
    decoder.dispose();
  });

  test('eight micro-batches of one give the gradient of one batch of eight', async () => {
    const decoder = await createLively(6);
    const sequences = draw(8, (row) => 5 + row);
    const together = await lossAndGradients(decoder, sequences);
    const sum = new Float32Array(together.gradients.length);
    let loss = 0;
    for (const sequence of sequences) {
      const one = await lossAndGradients(decoder, [sequence]);
      loss += one.loss;
      for (const [index, value] of one.gradients.entries()) sum[index] = (sum[index] as number) + value;
    }
    const scale = largest(together.gradients);
    const difference = largest(sum.map((value, index) => value - (together.gradients[index] as number)));
    expect(difference / scale).toBeLessThan(1e-6);
    expect(Math.abs(loss / together.loss - 1)).toBeLessThan(1e-6);
    decoder.dispose();
  });

  test('tensors are as many after a step of training and a call of generate as before', async () => {
    const empty = tf.memory().numTensors;
    const decoder = await createLively(7);
    const flat = await getParameters(decoder);
    const optimizer = createAdamW({ parameters: flat, groups: [{ size: flat.length, decay: true }] });
    const sampler = createSampler({ decoder, tokenizer, slots: 2 });
    const before = tf.memory().numTensors;
    const { gradients } = await lossAndGradients(
      decoder,
      draw(3, (row) => 4 + row),
    );
    optimizer.update({ gradients, learningRate: 0.01 });
    setParameters(decoder, await optimizer.parameters());
    const request = (id: number) => ({
      id: `${id}`,
      contextTokenIds: [1, 2, 3],
      maxTokens: 6,
      temperature: 1,
      stop: ['cat'],
      random: createRandom(id),
    });
    await sampler.generate([1, 2, 3].map(request));
    sampler.reset();
    expect(tf.memory().numTensors).toBe(before);
    for (const part of [sampler, optimizer, decoder]) part.dispose();
    expect(tf.memory().numTensors).toBe(empty);
  });

  test('the same seed gives the same bytes: weights after training, and what is sampled', async () => {
    const train = async () => {
      const decoder = createDecoder({ config, random: createRandom(8) });
      const flat = await getParameters(decoder);
      const optimizer = createAdamW({
        parameters: flat,
        groups: [{ size: flat.length, decay: true }],
        weightDecay: 0.1,
      });
      const sequences = draw(5, (row) => 6 + row);
      for (let step = 0; step < 3; step++) {
        const { gradients } = await lossAndGradients(decoder, sequences);
        optimizer.update({ gradients, learningRate: 0.01 });
        setParameters(decoder, await optimizer.parameters());
      }
      const sampler = createSampler({ decoder, tokenizer, slots: 3 });
      const sampled = await sampler.generate(
        [1, 2, 3, 4].map((id) => ({
          id: `${id}`,
          contextTokenIds: [id, 2],
          maxTokens: 8,
          temperature: 1,
          random: createRandom(id),
        })),
      );
      const bytes = Buffer.from((await getParameters(decoder)).buffer).toString('base64');
      for (const part of [sampler, optimizer, decoder]) part.dispose();
      return { bytes, sampled };
    };
    const first = await train();
    expect(await train()).toEqual(first);
  });
});
