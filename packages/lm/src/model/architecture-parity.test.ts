import { beforeAll, describe, expect, test } from 'vitest';
import { selectEngine } from '../engine/select-engine.js';
import { linear } from '../ops/linear.js';
import { createAdamW } from '../optimizer/adamw.js';
import {
  architectureCases,
  caseDecoder,
  readCase,
  readCaseJson,
  readCaseTensors,
} from './__fixtures__/architecture-cases.js';
import { lossGradients } from './__fixtures__/tiny-decoders.js';
import { toCheckpointTensors } from './checkpoint-tensors.js';
import { concatenate, getParameters, setParameters } from './flat-parameters.js';
import { hiddenStates, outputEmbedding } from './forward.js';
import { fromConfigJson, toConfigJson } from './model-config-file.js';
import { tokenBatch } from './token-batch.js';

const norm = (values: ArrayLike<number>) => Math.sqrt(Array.from(values).reduce((sum, value) => sum + value ** 2, 0));

test('there is a case for every architecture', () => {
  const types = new Set(architectureCases.map((name) => readCaseJson(name, 'config.json').model_type));
  expect([...types].sort()).toEqual(['gpt2', 'llama', 'qwen2', 'qwen3']);
});

describe.each(architectureCases)('%s', (name) => {
  test('what is saved are the tensors that were read, and a config.json that says the same', async () => {
    const { config, tensors, parameters } = await readCase(name);
    const saved = toCheckpointTensors({ config, parameters });
    expect(new Map([...saved].sort())).toEqual(
      new Map([...tensors].map(([key, { shape, data }]) => [key, { shape, data }] as const).sort()),
    );
    const written = toConfigJson(config, { tokens: { endOfTextIds: [1], padId: 0 } }) as Record<string, unknown>;
    expect(fromConfigJson(written, 'here')).toEqual(config);
    const theirs = readCaseJson(name, 'config.json');
    // transformers 5 writes other names for the rotary positions and the type of the weights, and leaves out what it does not read.
    const renamed = ['rope_theta', 'rope_scaling', 'torch_dtype', 'pad_token_id'];
    for (const [field, value] of Object.entries(written)) {
      if (renamed.includes(field) || theirs[field] === null || !(field in theirs)) continue;
      expect([field, value]).toEqual([field, theirs[field]]);
    }
  });

  describe.each(['cpu', 'wasm'] as const)('on %s, against transformers', (engine) => {
    beforeAll(async () => {
      await selectEngine({ engine });
    });

    test('logits within 1e-4, loss within 1e-5, gradients within 1e-3 of their norm', async () => {
      const decoder = await caseDecoder(name);
      const { config } = decoder;
      const { sequences, loss } = readCaseJson(name, 'expected.json') as { sequences: number[][]; loss: number };
      const expected = await readCaseTensors(name, 'expected.safetensors');
      const batch = tokenBatch({ sequences });
      const logits = await linear({ x: hiddenStates(decoder, batch), weight: outputEmbedding(decoder) }).data();
      for (const [row, { length }] of sequences.entries()) {
        const golden = expected.get(`logits.${row}`)?.data as Float32Array;
        expect(golden.length).toBe(length * config.vocabularySize);
        const start = row * batch.time * config.vocabularySize;
        golden.forEach((value, index) => {
          expect(Math.abs((logits[start + index] as number) - value), `logit ${row}, ${index}`).toBeLessThan(1e-4);
        });
      }
      batch.dispose();

      const actual = await lossGradients(decoder, sequences);
      expect(Math.abs(actual.loss - loss)).toBeLessThan(1e-5);
      const gradients = toCheckpointTensors({ config, parameters: concatenate([...actual.gradients.values()]) });
      for (const [tensor, { shape, data }] of gradients) {
        const golden = expected.get(`gradient.${tensor}`);
        expect(golden?.shape, tensor).toEqual(shape);
        const values = golden?.data as Float32Array;
        const difference = norm(data.map((value, index) => value - (values[index] as number)));
        expect(difference, tensor).toBeLessThan(1e-3 * norm(values) + 1e-6);
      }
      decoder.dispose();
    });

    test('weights after ten updates of AdamW within 1e-4, losses before them within 1e-4', async () => {
      const decoder = await caseDecoder(name);
      const { config } = decoder;
      const { sequences, losses } = readCaseJson(name, 'expected.json') as { sequences: number[][]; losses: number[] };
      const optimizer = createAdamW({
        parameters: await getParameters(decoder),
        groups: [...decoder.parameters.values()].map(({ size, rank }) => ({ size, decay: rank === 2 })),
        weightDecay: 0.1,
        // A tiny one would turn rounding noise in gradients near 0 into full steps.
        epsilon: 1e-3,
      });
      expect(losses).toHaveLength(10);
      for (const [step, expected] of losses.entries()) {
        const { loss, gradients } = await lossGradients(decoder, sequences);
        expect(Math.abs(loss - expected), `loss ${step}`).toBeLessThan(1e-4);
        optimizer.update({ gradients: concatenate([...gradients.values()]), learningRate: 1e-2 });
        setParameters(decoder, await optimizer.parameters());
      }
      const trained = await readCaseTensors(name, 'trained.safetensors');
      const saved = toCheckpointTensors({ config, parameters: await optimizer.parameters() });
      expect([...saved.keys()].sort()).toEqual([...trained.keys()].sort());
      for (const [tensor, { data }] of saved) {
        const golden = trained.get(tensor)?.data as Float32Array;
        const apart = data.reduce(
          (most, value, index) => Math.max(most, Math.abs(value - (golden[index] as number))),
          0,
        );
        expect(apart, tensor).toBeLessThan(1e-4);
      }
      optimizer.dispose();
      decoder.dispose();
    });
  });
});
