import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { ModelError } from '@dgpo/trajectory';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { selectEngine } from '../engine/select-engine.js';
import { tokenizerFolder } from '../lora/adapter-base.js';
import { saveAdapter } from '../lora/adapter-folder.js';
import type { LoraOptions } from '../lora/lora-layout.js';
import { trainCompactTokenizer } from '../tokenizer/compact-tokenizer.js';
import { saveTokenizer } from '../tokenizer/tokenizer-file.js';
import { addLivelyLora, sequenceLogProbs, tinyDecoder } from './__fixtures__/tiny-decoders.js';
import type { ModelType } from './architecture.js';
import type { Decoder } from './decoder.js';
import { getParameters } from './flat-parameters.js';
import { loadDecoder } from './load-decoder.js';
import { loadModel, saveModel } from './model-folder.js';
import { readDecoderConfig } from './read-decoder-config.js';
import { getTrainableParameters } from './trainable-parameters.js';

const root = mkdtempSync(join(tmpdir(), 'adapted-'));
afterAll(() => rmSync(root, { recursive: true }));
beforeAll(async () => {
  await selectEngine({ engine: 'wasm' });
});

const tokenizer = trainCompactTokenizer({ texts: ['the cat sat'], specialTokens: [], maximumPieces: 4 });
const { vocabularySize } = tokenizer;

async function scores(decoder: Decoder): Promise<Float32Array> {
  const tensor = tf.tidy(() => sequenceLogProbs(decoder, [[5, 1, 7, 2, 9, 4]]));
  const values = await tensor.data<'float32'>();
  tensor.dispose();
  return values;
}

/** A model folder, and adapters on it that name it as given. */
async function writeAdapted(name: string, modelType: ModelType, baseModel = '../base') {
  const decoder = await tinyDecoder(modelType, { vocabularySize });
  const { config } = decoder;
  const base = join(root, name, 'base');
  const parameters = await getParameters(decoder);
  await saveModel({ directory: base, config, parameters, tokenizer });
  const targetModules =
    modelType === 'gpt2' ? ['c_attn', 'mlp.c_proj'] : ['k_proj', 'v_proj', 'gate_proj', 'down_proj'];
  await addLivelyLora(decoder, { targetModules, useRslora: modelType === 'gpt2' });
  const directory = join(root, name, 'adapter');
  const values = await getTrainableParameters(decoder);
  await saveAdapter({
    directory,
    config,
    lora: decoder.lora?.options as LoraOptions,
    parameters: values,
    baseModel,
  });
  return { base, directory, decoder };
}

test.each(['llama', 'qwen3', 'gpt2'] as const)(
  '%s: a folder of adapters opens as the merged model, whichever way it is read',
  async (modelType) => {
    const { base, directory, decoder } = await writeAdapted(modelType, modelType);
    expect(await readDecoderConfig(directory)).toEqual(decoder.config);
    expect(await tokenizerFolder(directory)).toBe(base);
    const opened = await loadDecoder({ directory });
    const expected = await scores(decoder);
    (await scores(opened.decoder)).forEach((value, index) => {
      expect(Math.abs(value - (expected[index] as number))).toBeLessThan(1e-4);
    });
    const plain = await loadModel({ directory: base });
    const merged = await loadModel({ directory });
    expect(merged.parameters).toEqual(await getParameters(opened.decoder));
    expect(merged.parameters).not.toEqual(plain.parameters);
    expect(merged.tokenizer.encode('the cat')).toEqual(tokenizer.encode('the cat'));
    // The merged weights are a model folder of their own.
    const copy = join(root, modelType, 'merged');
    await saveModel({ directory: copy, ...merged });
    expect((await loadModel({ directory: copy })).parameters).toEqual(merged.parameters);
    for (const each of [opened.decoder, decoder]) each.dispose();
  },
);

test('a tokenizer beside the adapters goes before that of the base', async () => {
  const { directory, decoder } = await writeAdapted('own', 'llama');
  decoder.dispose();
  const other = trainCompactTokenizer({ texts: ['a dog ran'], specialTokens: [], maximumPieces: 3 });
  await saveTokenizer(other, directory);
  expect(await tokenizerFolder(directory)).toBe(directory);
  const { tokenizer: read } = await loadModel({ directory });
  expect(read.encode('a dog')).toEqual(other.encode('a dog'));
});

test('the base is found from the folder, from the working directory, and in the cache of the hub', async () => {
  const { base, directory, decoder } = await writeAdapted('places', 'llama');
  decoder.dispose();
  const path = join(directory, 'adapter_config.json');
  const json = JSON.parse(readFileSync(path, 'utf8')) as object;
  const named = (base_model_name_or_path: unknown, revision: unknown = null) => {
    writeFileSync(path, JSON.stringify({ ...json, base_model_name_or_path, revision }));
    return tokenizerFolder(directory);
  };
  expect(await named(base)).toBe(base);
  expect(await named(relative(process.cwd(), base))).toBe(relative(process.cwd(), base));
  vi.stubEnv('HF_HUB_OFFLINE', '1');
  vi.stubEnv('HF_HUB_CACHE', join(root, 'hub'));
  const snapshot = join(root, 'hub', 'models--some--base', 'snapshots', 'a'.repeat(40));
  const refs = join(root, 'hub', 'models--some--base', 'refs');
  const { parameters, config } = await loadModel({ directory: base });
  await saveModel({ directory: snapshot, config, parameters, tokenizer });
  mkdirSync(refs, { recursive: true });
  writeFileSync(join(refs, 'main'), 'a'.repeat(40));
  expect(await named('some/base')).toBe(snapshot);
  expect(await named('some/base', 'a'.repeat(40))).toBe(snapshot);
  await expect(named('some/base', 'older')).rejects.toThrow(/some\/base at older is not in the cache/);
  await expect(named('some/other')).rejects.toThrow(/adapter_config\.json: base_model_name_or_path: .*some\/other/);
  await expect(named('../nowhere')).rejects.toThrow(/neither a folder or file that exists nor a name on the hub/);
  await expect(named(undefined)).rejects.toThrow(/names no base_model_name_or_path/);
  await expect(named('.')).rejects.toThrow(/which holds adapters too; merge those first/);
  await expect(named('.')).rejects.toBeInstanceOf(ModelError);
  vi.unstubAllEnvs();
});
