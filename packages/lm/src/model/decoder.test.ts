import { createRandom } from '@dgpo/trajectory';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { selectEngine } from '../engine/select-engine.js';
import { embedding } from '../ops/embedding.js';
import { tokenLogProbs } from '../ops/token-log-probs.js';
import { createSampler } from '../sampling/sampler.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import { createDecoder } from './decoder.js';
import { decoderConfig } from './decoder-config.js';
import { getParameters, setParameters } from './flat-parameters.js';
import { hiddenStates, outputEmbedding } from './forward.js';
import { tokenBatch } from './token-batch.js';

const config = decoderConfig({
  vocabularySize: 40,
  hiddenSize: 16,
  numHiddenLayers: 2,
  numAttentionHeads: 4,
  numKeyValueHeads: 2,
  maxPositionEmbeddings: 64,
});

/** One letter per token. */
const tokenizer: Tokenizer = {
  vocabularySize: 40,
  endOfTextId: 39,
  endOfTextIds: [39],
  padId: 0,
  specialTokens: {},
  encode: (text) => [...text].map((letter) => letter.charCodeAt(0) - 64),
  decode: (ids) => ids.map((id) => String.fromCharCode(64 + id)).join(''),
  tokenBytes: (id) => Uint8Array.of(64 + id),
  decodeStream: () => ({ push: (id) => String.fromCharCode(64 + id), end: () => '' }),
};

function create(seed = 3) {
  const decoder = createDecoder({ config, random: createRandom(seed) });
  // Larger weights than at the start of training, so that attention and norms matter.
  return { decoder, scale: (factor: number) => scaleParameters(decoder, factor) };
}

async function scaleParameters(decoder: ReturnType<typeof createDecoder>, factor: number) {
  setParameters(
    decoder,
    (await getParameters(decoder)).map((value) => (value === 1 ? 1 : value * factor)),
  );
}

/** Log-probabilities of every token but the first, by the training path. */
async function scores(decoder: ReturnType<typeof createDecoder>, sequences: number[][]): Promise<number[][]> {
  const batch = tokenBatch({ sequences });
  const result = await Promise.all(
    sequences.map(async (sequence, row) => {
      const logProbs = tf.tidy(() => {
        const rows = sequence.slice(1).map((_, index) => row * batch.time + index);
        const hidden = embedding({ table: hiddenStates(decoder, batch), ids: tf.tensor1d(rows, 'int32') });
        const weight = outputEmbedding(decoder);
        return tokenLogProbs({ hidden, weight, targets: tf.tensor1d(sequence.slice(1), 'int32') }).logProbs;
      });
      const values = [...(await logProbs.data())];
      logProbs.dispose();
      return values;
    }),
  );
  batch.dispose();
  return result;
}

describe.each(['cpu', 'wasm'] as const)('decoder and sampler on %s', (engine) => {
  beforeAll(async () => {
    await selectEngine({ engine });
  });

  test('padding does not change a row', async () => {
    const { decoder, scale } = create();
    await scale(20);
    const short = [1, 2, 3, 4];
    const [alone] = await scores(decoder, [short]);
    const [padded] = await scores(decoder, [short, Array.from({ length: 11 }, (_, index) => index + 5)]);
    padded?.forEach((value, index) => {
      expect(value).toBeCloseTo(alone?.[index] as number, 5);
    });
    decoder.dispose();
  });

  test('log-probabilities of the sampler equal those of training within 1e-4, across turns that reuse the cache', async () => {
    const { decoder, scale } = create();
    await scale(20);
    const before = tf.memory().numTensors;
    const sampler = createSampler({ decoder, tokenizer, slots: 3, maxStepTokens: 7 });
    const contexts = [[1, 2, 3], [4, 5, 6, 7, 8, 9, 10, 11], [2], [7, 7]];
    const request = (id: number, context: number[], turn: number) => ({
      id: `${id}`,
      contextTokenIds: context,
      maxTokens: 5 + id,
      temperature: 1,
      random: createRandom(9).split(id, turn),
    });
    const first = await sampler.generate(contexts.map((context, id) => request(id, context, 0)));
    const longer = first.map((result, id) => [...(contexts[id] as number[]), ...result.tokenIds, 12, 13]);
    const second = await sampler.generate(longer.map((context, id) => request(id, context, 1)));
    const whole = second.map((result, id) => [...(longer[id] as number[]), ...result.tokenIds]);
    const expected = await scores(decoder, whole);
    for (const [id, context] of contexts.entries()) {
      const row = expected[id] as number[];
      const turns = [
        { result: first[id], start: context.length },
        { result: second[id], start: (longer[id] as number[]).length },
      ];
      for (const { result, start } of turns) {
        expect(result?.tokenIds.length).toBeGreaterThan(0);
        result?.logProbs.forEach((value, index) => {
          expect(Math.abs(value - (row[start + index - 1] as number))).toBeLessThan(1e-4);
        });
      }
    }
    sampler.dispose();
    expect(tf.memory().numTensors).toBe(before);
    decoder.dispose();
  });

  test('what a request gets does not depend on the batch or on the number of slots', async () => {
    const { decoder, scale } = create();
    await scale(20);
    const requests = Array.from({ length: 5 }, (_, id) => ({
      id: `${id}`,
      contextTokenIds: [id + 1, 2, 3],
      maxTokens: 9,
      temperature: 1,
      stop: ['AB', 'Z'],
      random: createRandom(1).split(id),
    }));
    const fresh = () => requests.map((request, id) => ({ ...request, random: createRandom(1).split(id) }));
    const together = createSampler({ decoder, tokenizer, slots: 5 });
    const apart = createSampler({ decoder, tokenizer, slots: 1 });
    const a = await together.generate(fresh());
    const b = await apart.generate(fresh());
    expect(b.map((result) => result.tokenIds)).toEqual(a.map((result) => result.tokenIds));
    if (engine === 'wasm') expect(b).toEqual(a);
    decoder.dispose();
  });

  test('stops at stop strings, at the limit and at the end of the context', async () => {
    const { decoder } = create();
    const sampler = createSampler({ decoder, tokenizer, slots: 2 });
    const [limited] = await sampler.generate([
      { id: 'a', contextTokenIds: [1], maxTokens: 3, temperature: 0, random: createRandom(0) },
    ]);
    expect(limited?.finishReason).toBe('length');
    expect(limited?.tokenIds).toHaveLength(3);
    const stop = limited?.text.slice(1, 2) as string;
    const [stopped] = await sampler.generate([
      { id: 'b', contextTokenIds: [1], maxTokens: 30, temperature: 0, stop: [stop], random: createRandom(0) },
    ]);
    expect(stopped?.finishReason).toBe('stop');
    expect(stopped?.text.endsWith(stop)).toBe(true);
    const [full] = await sampler.generate([
      { id: 'c', contextTokenIds: new Array(60).fill(1), maxTokens: 30, temperature: 1, random: createRandom(0) },
    ]);
    expect(full?.tokenIds.length).toBeLessThanOrEqual(4);
    decoder.dispose();
  });
});
