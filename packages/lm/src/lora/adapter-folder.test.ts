import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ModelError } from '@dgpo/trajectory';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { selectEngine } from '../engine/select-engine.js';
import { caseDecoder, readCase } from '../model/__fixtures__/architecture-cases.js';
import { lossGradients } from '../model/__fixtures__/tiny-decoders.js';
import { hiddenStates, outputEmbedding } from '../model/forward.js';
import { tokenBatch } from '../model/token-batch.js';
import { linear } from '../ops/linear.js';
import { readSafetensors, type SafetensorsTensor } from '../weights/read-safetensors.js';
import { writeSafetensors } from '../weights/write-safetensors.js';
import { loadAdapter, readAdapter, saveAdapter } from './adapter-folder.js';

const root = fileURLToPath(new URL('./__fixtures__/adapters', import.meta.url));
const cases = readdirSync(root);
const scratch = mkdtempSync(join(tmpdir(), 'adapters-'));
afterAll(() => rmSync(scratch, { recursive: true }));

const readJson = (...path: string[]) =>
  JSON.parse(readFileSync(join(root, ...path), 'utf8')) as Record<string, unknown>;
const baseOf = (name: string) => readJson(name, 'expected.json').base as string;
const norm = (values: ArrayLike<number>) => Math.sqrt(Array.from(values).reduce((sum, value) => sum + value ** 2, 0));

describe.each(['cpu', 'wasm'] as const)('adapters made by PEFT, on %s', (engine) => {
  beforeAll(async () => {
    await selectEngine({ engine });
  });

  test.each(cases)('%s: logits within 1e-4, loss within 1e-5, gradients within 1e-3 of their norm', async (name) => {
    const { sequences, loss } = readJson(name, 'expected.json') as { sequences: number[][]; loss: number };
    const expected = await readSafetensors({ path: join(root, name, 'expected.safetensors') });
    const decoder = await caseDecoder(baseOf(name));
    await loadAdapter({ directory: join(root, name), decoder });
    const batch = tokenBatch({ sequences });
    const tensor = tf.tidy(() => linear({ x: hiddenStates(decoder, batch), weight: outputEmbedding(decoder) }));
    const logits = await tensor.data();
    for (const [row, { length }] of sequences.entries()) {
      const golden = expected.get(`logits.${row}`)?.data as Float32Array;
      expect(golden.length).toBe(length * decoder.config.vocabularySize);
      const start = row * batch.time * decoder.config.vocabularySize;
      golden.forEach((value, index) => {
        expect(Math.abs((logits[start + index] as number) - value), `logit ${row}, ${index}`).toBeLessThan(1e-4);
      });
    }
    tensor.dispose();
    batch.dispose();
    const actual = await lossGradients(decoder, sequences);
    expect(Math.abs(actual.loss - loss)).toBeLessThan(1e-5);
    const golden = [...expected].filter(([key]) => key.startsWith('gradient.'));
    expect(golden.length).toBe(actual.gradients.size);
    for (const [key, { data }] of golden) {
      const gradient = actual.gradients.get(key.slice('gradient.'.length)) as Float32Array;
      const difference = norm(data.map((value, index) => value - (gradient[index] as number)));
      expect(difference, key).toBeLessThan(1e-3 * norm(data) + 1e-6);
    }
    decoder.dispose();
  });
});

test.each(cases)('%s: what is saved are the tensors that were read, under settings that say the same', async (name) => {
  const { config } = await readCase(baseOf(name));
  const read = await readAdapter({ directory: join(root, name), config });
  expect(read.baseModel).toBe(baseOf(name));
  const directory = join(scratch, name);
  await saveAdapter({ directory, config, ...read });
  expect(await readAdapter({ directory, config })).toEqual(read);
  expect(await readSafetensors({ path: join(directory, 'adapter_model.safetensors') })).toEqual(
    await readSafetensors({ path: join(root, name, 'adapter_model.safetensors') }),
  );
  const written = JSON.parse(readFileSync(join(directory, 'adapter_config.json'), 'utf8')) as Record<string, unknown>;
  const theirs = readJson(name, 'adapter_config.json');
  for (const [field, value] of Object.entries(written)) expect([field, value]).toEqual([field, theirs[field]]);
  const half = join(scratch, `${name}-half`);
  await saveAdapter({ directory: half, config, ...read, dtype: 'BF16' });
  (await readAdapter({ directory: half, config })).parameters.forEach((value, index) => {
    const exact = read.parameters[index] as number;
    expect(Math.abs(value - exact)).toBeLessThanOrEqual(Math.abs(exact) / 256);
  });
  await expect(saveAdapter({ directory: half, config, ...read, parameters: new Float32Array(5) })).rejects.toThrow(
    /the adapters have \d+ values, the vector 5/,
  );
});

test('all-linear is saved by names, which PEFT takes too', async () => {
  const { config } = await readCase('gpt2');
  const lora = { rank: 1, alpha: 2.5, targetModules: 'all-linear' } as const;
  const parameters = new Float32Array(2 * (16 + 48 + 16 + 16 + 16 + 64 + 64 + 16)).map((_, index) => index);
  const directory = join(scratch, 'all-linear');
  await saveAdapter({ directory, config, lora, parameters });
  const read = await readAdapter({ directory, config });
  expect(read.lora).toEqual({ rank: 1, alpha: 2.5, targetModules: ['c_attn', 'c_fc', 'c_proj'], useRslora: false });
  expect(read.parameters).toEqual(parameters);
  expect(read.baseModel).toBeUndefined();
});

describe('refused', () => {
  const directory = join(scratch, 'refused');
  const refusal = async (change: Record<string, unknown>) => {
    const { config } = await readCase(baseOf('llama'));
    await saveAdapter({ directory, config, ...(await readAdapter({ directory: join(root, 'llama'), config })) });
    writeFileSync(
      join(directory, 'adapter_config.json'),
      JSON.stringify({ ...readJson('llama', 'adapter_config.json'), ...change }),
    );
    const error = await readAdapter({ directory, config }).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ModelError);
    expect((error as ModelError).message).toContain('adapter_config.json');
    return (error as ModelError).message;
  };

  test.each([
    ['peft_type', 'LOHA'],
    ['peft_type', undefined],
    ['task_type', 'SEQ_CLS'],
    ['use_dora', true],
    ['bias', 'all'],
    ['lora_bias', true],
    ['modules_to_save', ['lm_head']],
    ['rank_pattern', { q_proj: 2 }],
    ['alpha_pattern', { q_proj: 2 }],
    ['layers_to_transform', [0]],
    ['exclude_modules', ['v_proj']],
    ['layer_replication', [[0, 1]]],
    ['trainable_token_indices', [3]],
    ['init_lora_weights', 'pissa'],
    ['a_field_of_the_future', 1],
    ['r', '3'],
    ['r', undefined],
    ['lora_alpha', null],
    ['use_rslora', 1],
    ['target_modules', '.*_proj'],
    ['target_modules', undefined],
  ])('%s: %j', async (field, value) => {
    expect(await refusal({ [field]: value })).toContain(field);
  });

  test('targets that the model lacks, numbers that make no sense', async () => {
    expect(await refusal({ target_modules: ['q_proj', 'c_attn'] })).toContain('"c_attn", no projection of llama');
    expect(await refusal({ r: 0 })).toContain('rank');
    expect(await refusal({ lora_alpha: -1 })).toContain('alpha');
  });

  test('matrices missing, left over or of another shape, and folders that are none', async () => {
    const { config } = await readCase(baseOf('llama'));
    const path = join(directory, 'adapter_model.safetensors');
    await refusal({ r: 0 });
    copyFileSync(join(root, 'llama', 'adapter_config.json'), join(directory, 'adapter_config.json'));
    const tensors = await readSafetensors({ path });
    const name = 'base_model.model.model.layers.1.self_attn.q_proj.lora_A.weight';
    const matrix = tensors.get(name) as SafetensorsTensor;
    const readWith = async (changed: Map<string, SafetensorsTensor>) => {
      await writeSafetensors({ path, tensors: changed });
      return readAdapter({ directory, config });
    };
    await expect(readWith(new Map([...tensors].filter(([key]) => key !== name)))).rejects.toThrow(
      `"${name}" is missing`,
    );
    await expect(readWith(new Map([...tensors, [`${name}x`, matrix]]))).rejects.toThrow(
      `"${name}x" belongs to no target`,
    );
    await expect(readWith(new Map([...tensors, [name, { ...matrix, shape: [16, 3] }]]))).rejects.toThrow(
      /has shape \[16, 3\], the model and adapter_config.json ask for \[3, 16\]/,
    );
    writeFileSync(join(directory, 'adapter_config.json'), '{');
    await expect(readAdapter({ directory, config })).rejects.toThrow(/not a folder of adapters/);
    await expect(readAdapter({ directory: join(scratch, 'nowhere'), config })).rejects.toThrow(
      /not a folder of adapters/,
    );
  });
});
