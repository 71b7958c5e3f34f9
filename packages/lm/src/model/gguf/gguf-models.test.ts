import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { selectEngine } from '../../engine/select-engine.js';
import { linear } from '../../ops/linear.js';
import { readCase, readCaseJson, readCaseTensors } from '../__fixtures__/architecture-cases.js';
import type { Decoder } from '../decoder.js';
import { getParameters } from '../flat-parameters.js';
import { hiddenStates, outputEmbedding } from '../forward.js';
import { loadDecoder } from '../load-decoder.js';
import { loadModel } from '../model-folder.js';
import { tokenBatch } from '../token-batch.js';
import { convertGguf } from './convert-gguf.js';

/** Made of the checkpoints of transformers as llama.cpp does; see `tools/parity/gguf_models.py`. */
const fixtures = fileURLToPath(new URL('./__fixtures__', import.meta.url));
const cases = (await readdir(fixtures)).map((file) => basename(file, '.gguf'));
const pathOf = (name: string) => join(fixtures, `${name}.gguf`);

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'dgpo-gguf-models-'));
});
afterAll(() => rm(root, { recursive: true }));

/** Largest difference to the logits that transformers computed. */
async function worstLogit(name: string, decoder: Decoder): Promise<number> {
  const { sequences } = readCaseJson(name, 'expected.json') as { sequences: number[][] };
  const expected = await readCaseTensors(name, 'expected.safetensors');
  const batch = tokenBatch({ sequences });
  const output = tf.tidy(() => linear({ x: hiddenStates(decoder, batch), weight: outputEmbedding(decoder) }));
  const logits = await output.data();
  const { vocabularySize } = decoder.config;
  let worst = 0;
  for (const [row, { length }] of sequences.entries()) {
    const golden = expected.get(`logits.${row}`);
    const width = golden?.shape[1] as number;
    for (let index = 0; index < length * width; index++) {
      const at = (row * batch.time + Math.floor(index / width)) * vocabularySize + (index % width);
      const difference = Math.abs((logits[at] as number) - (golden?.data[index] as number));
      worst = Math.max(worst, Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference);
    }
  }
  tf.dispose(output);
  batch.dispose();
  return worst;
}

test('there is a file of every architecture', async () => {
  const types = await Promise.all(cases.map(async (name) => (await loadModel({ directory: pathOf(name) })).config));
  expect([...new Set(types.map(({ modelType }) => modelType))].sort()).toEqual(['gpt2', 'llama', 'qwen2', 'qwen3']);
});

describe.each(cases)('%s.gguf', (name) => {
  test('says what config.json says, but for a vocabulary of 258', async () => {
    const { config } = await readCase(name);
    const loaded = await loadModel({ directory: pathOf(name) });
    expect(loaded.config).toEqual({ ...config, vocabularySize: 258 });
    expect(loaded.tokenizer.vocabularySize).toBe(258);
  });

  test.each(['cpu', 'wasm'] as const)(
    'has the logits of transformers on %s, without a tensor left over',
    async (engine) => {
      await selectEngine({ engine });
      const before = tf.memory().numTensors;
      const { decoder } = await loadDecoder({ directory: pathOf(name) });
      expect(await worstLogit(name, decoder)).toBeLessThan(1e-4);
      decoder.dispose();
      expect(tf.memory().numTensors).toBe(before);
    },
  );

  test('becomes a folder with the same parameters', async () => {
    await selectEngine({ engine: 'cpu' });
    const directory = join(root, name);
    await convertGguf({ path: pathOf(name), directory });
    const [file, folder] = await Promise.all([loadModel({ directory: pathOf(name) }), loadModel({ directory })]);
    expect(folder.config).toEqual(file.config);
    expect(folder.parameters).toEqual(file.parameters);
    expect(folder.tokenizer.encode('Paris, 42')).toEqual(file.tokenizer.encode('Paris, 42'));
    const { decoder } = await loadDecoder({ directory, valueHead: true });
    const values = await getParameters(decoder);
    expect(values.subarray(0, file.parameters.length)).toEqual(file.parameters);
    expect(new Set(values.subarray(file.parameters.length))).toEqual(new Set([0]));
    decoder.dispose();
  });
});
