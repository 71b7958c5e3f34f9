import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { selectEngine } from '../engine/select-engine.js';
import { embedding } from '../ops/embedding.js';
import { linear } from '../ops/linear.js';
import { tokenLogProbs } from '../ops/token-log-probs.js';
import { llamaModel } from './__fixtures__/llama-model.js';
import { createDecoder } from './decoder.js';
import { setParameters } from './flat-parameters.js';
import { hiddenStates, outputEmbedding } from './forward.js';
import { fromConfigJson } from './model-config-file.js';
import { loadModel, saveModel } from './model-folder.js';
import { tokenBatch } from './token-batch.js';

/** Written by `saveModel`, read and scored by transformers; see `tools/parity`. */
const folder = fileURLToPath(new URL('./__fixtures__/llama', import.meta.url));

interface Golden {
  sequences: { tokenIds: number[]; logProbs: number[]; lastLogits: number[] }[];
}

const readJson = async (directory: string, name: string): Promise<unknown> =>
  JSON.parse(await readFile(join(directory, name), 'utf8'));

function expectClose(actual: ArrayLike<number>, expected: readonly number[]): void {
  expect(actual.length).toBe(expected.length);
  expected.forEach((value, index) => {
    expect(Math.abs((actual[index] as number) - value), `element ${index}`).toBeLessThan(1e-4);
  });
}

test('saveModel writes the folder that transformers read', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'llama-parity-'));
  await saveModel({ directory, ...llamaModel() });
  const weights = 'model.safetensors';
  expect(await readFile(join(directory, weights))).toEqual(await readFile(join(folder, weights)));
  for (const name of ['config.json', 'tokenizer.json', 'tokenizer_config.json']) {
    expect(await readJson(directory, name)).toEqual(await readJson(folder, name));
  }
  await rm(directory, { recursive: true });
});

test('config.json as transformers writes it gives the same sizes', async () => {
  const config = fromConfigJson(await readJson(folder, 'transformers-config.json'), 'transformers-config.json');
  expect(config).toEqual(llamaModel().config);
});

describe.each(['cpu', 'wasm'] as const)(
  'LlamaForCausalLM of transformers and the decoder on %s agree within 1e-4',
  (engine) => {
    beforeAll(async () => {
      await selectEngine({ engine });
    });

    test('in the log-probability of every token and in the logits after the last', async () => {
      const { config, parameters } = await loadModel({ directory: folder });
      const decoder = createDecoder({ config });
      setParameters(decoder, parameters);
      const { sequences } = (await readJson(folder, 'logits.json')) as Golden;
      const batch = tokenBatch({ sequences: sequences.map((sequence) => sequence.tokenIds) });
      const weight = outputEmbedding(decoder);
      const hidden = hiddenStates(decoder, batch);
      for (const [row, { tokenIds, logProbs, lastLogits }] of sequences.entries()) {
        const states = (positions: number[]) =>
          embedding({
            table: hidden,
            ids: tf.tensor1d(
              positions.map((position) => row * batch.time + position),
              'int32',
            ),
          });
        const targets = tf.tensor1d(tokenIds.slice(1), 'int32');
        const scored = tokenLogProbs({ hidden: states(logProbs.map((_, index) => index)), weight, targets });
        expectClose(await scored.logProbs.data(), logProbs);
        expectClose(await linear({ x: states([tokenIds.length - 1]), weight }).data(), lastLogits);
      }
      batch.dispose();
      decoder.dispose();
    });
  },
);
