import { createRandom } from '@dgpo/trajectory';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { selectEngine } from '../engine/select-engine.js';
import { architectureCases, caseDecoder } from '../model/__fixtures__/architecture-cases.js';
import type { Decoder } from '../model/decoder.js';
import { hiddenStates, outputEmbedding } from '../model/forward.js';
import { tokenBatch } from '../model/token-batch.js';
import { embedding } from '../ops/embedding.js';
import { tokenLogProbs } from '../ops/token-log-probs.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import { createSampler } from './sampler.js';

/** One character per token; the vocabulary of the cases. */
const tokenizer: Tokenizer = {
  vocabularySize: 80,
  endOfTextId: 79,
  endOfTextIds: [79],
  padId: 0,
  specialTokens: {},
  encode: (text) => [...text].map((character) => character.charCodeAt(0) - 40),
  decode: (ids) => ids.map((id) => String.fromCharCode(40 + id)).join(''),
  tokenBytes: (id) => Uint8Array.of(40 + id),
  decodeStream: () => ({ push: (id) => String.fromCharCode(40 + id), end: () => '' }),
};

/** Log-probabilities of every token but the first, by the forward pass of training. */
async function trainingLogProbs(decoder: Decoder, tokenIds: readonly number[]): Promise<Float32Array> {
  const batch = tokenBatch({ sequences: [tokenIds] });
  const logProbs = tf.tidy(() => {
    const before = tf.tensor1d(
      tokenIds.slice(1).map((_, index) => index),
      'int32',
    );
    const hidden = embedding({ table: hiddenStates(decoder, batch), ids: before });
    const targets = tf.tensor1d(tokenIds.slice(1), 'int32');
    return tokenLogProbs({ hidden, weight: outputEmbedding(decoder), targets }).logProbs;
  });
  const values = (await logProbs.data()) as Float32Array;
  logProbs.dispose();
  batch.dispose();
  return values;
}

describe.each(['cpu', 'wasm'] as const)(
  'log-probabilities of sampling and of training on %s agree within 1e-4',
  (engine) => {
    beforeAll(async () => {
      await selectEngine({ engine });
    });

    test.each(architectureCases)('%s, over two turns that share a cache', async (name) => {
      const decoder = await caseDecoder(name);
      const before = tf.memory().numTensors;
      const sampler = createSampler({ decoder, tokenizer, slots: 3, maxStepTokens: 7 });
      let contexts = [[1, 2, 3], [4, 5, 6, 7, 8, 9, 10, 11, 12], [2], [70, 7]];
      for (const turn of [0, 1]) {
        const results = await sampler.generate(
          contexts.map((contextTokenIds, id) => ({
            id: `${id}`,
            contextTokenIds,
            maxTokens: 6 + id,
            temperature: 1,
            random: createRandom(9).split(id, turn),
          })),
        );
        for (const [id, { tokenIds, logProbs }] of results.entries()) {
          const context = contexts[id] as number[];
          expect(tokenIds.length).toBeGreaterThan(0);
          const expected = await trainingLogProbs(decoder, [...context, ...tokenIds]);
          logProbs.forEach((value, index) => {
            expect(Math.abs(value - (expected[context.length + index - 1] as number))).toBeLessThan(1e-4);
          });
        }
        contexts = contexts.map((context, id) => [...context, ...(results[id]?.tokenIds ?? []), 12, 13]);
      }
      sampler.dispose();
      expect(tf.memory().numTensors).toBe(before);
      decoder.dispose();
    });
  },
);
