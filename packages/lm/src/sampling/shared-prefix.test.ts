import { createRandom } from '@dgpo/trajectory';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { selectEngine } from '../engine/select-engine.js';
import { createDecoder, type Decoder } from '../model/decoder.js';
import { decoderConfig } from '../model/decoder-config.js';
import * as layers from '../model/decoder-layer.js';
import { getParameters, setParameters } from '../model/flat-parameters.js';
import { trainCompactTokenizer } from '../tokenizer/compact-tokenizer.js';
import type { SampleRequest, SampleResult } from './sample-request.js';
import { createSampler } from './sampler.js';

const tokenizer = trainCompactTokenizer({ texts: [], specialTokens: [], maximumPieces: 0 });
const config = decoderConfig({
  vocabularySize: tokenizer.vocabularySize,
  hiddenSize: 16,
  numHiddenLayers: 2,
  numAttentionHeads: 4,
  numKeyValueHeads: 2,
  maxPositionEmbeddings: 200,
});

/** Weights larger than at the start of training, so that attention matters. */
async function createLively(): Promise<Decoder> {
  const decoder = createDecoder({ config, random: createRandom(1) });
  setParameters(
    decoder,
    (await getParameters(decoder)).map((value) => (value === 1 ? 1 : value * 10)),
  );
  return decoder;
}

const draw = createRandom(2);
const tokens = (count: number) => Array.from({ length: count }, () => draw.integer(config.vocabularySize));
const system = tokens(70);
/** Groups of equal prompts, prompts that share a beginning, one that is the beginning of another, and one that shares nothing. */
const contexts = [
  ...Array.from({ length: 4 }, () => system.slice(0, 37)),
  ...Array.from({ length: 3 }, (_, index) => [...system, ...tokens(index * 9 + 1)]),
  system.slice(0, 64),
  system.slice(0, 20),
  tokens(40),
];
const request = (index: number, turn: number, context: readonly number[]): SampleRequest => ({
  id: `${index}`,
  contextTokenIds: context,
  maxTokens: 4 + ((index * 7) % 11),
  temperature: 1,
  random: createRandom(5).split(index, turn),
});

/** Two turns of every context; the second goes on from the first, or back into the middle of what was shared. */
async function twoTurns(options: { decoder: Decoder; slots: number; maxStepTokens: number; together: boolean }) {
  const { together, ...rest } = options;
  const sampler = createSampler({ ...rest, tokenizer });
  const run = async (requests: SampleRequest[]) => {
    if (together) return sampler.generate(requests);
    const results: SampleResult[] = [];
    for (const single of requests) {
      sampler.reset();
      results.push(...(await sampler.generate([single])));
    }
    return results;
  };
  const first = await run(contexts.map((context, index) => request(index, 0, context)));
  const second = await run(
    contexts.map((context, index) => {
      const longer = [...context, ...(first[index] as SampleResult).tokenIds, 3, 5];
      return request(index, 1, index % 3 === 1 ? [...context.slice(0, 18), 9, 8, 7] : longer);
    }),
  );
  sampler.dispose();
  return [...first, ...second];
}

describe.each(['cpu', 'wasm'] as const)('shared beginnings on %s', (engine) => {
  let exact = false;
  beforeAll(async () => {
    const { blas } = await selectEngine({ engine });
    // Our products give each row the same bytes whatever else is in the batch; those of a BLAS do not.
    exact = engine === 'wasm' && blas === undefined;
  });

  test.each([
    { slots: 10, maxStepTokens: 4096 },
    { slots: 3, maxStepTokens: 5 },
  ])('%j give what each request gives alone', async (options) => {
    const decoder = await createLively();
    const before = tf.memory().numTensors;
    const alone = await twoTurns({ decoder, ...options, together: false });
    const together = await twoTurns({ decoder, ...options, together: true });
    expect(together.map(({ tokenIds }) => tokenIds)).toEqual(alone.map(({ tokenIds }) => tokenIds));
    if (exact) expect(together).toEqual(alone);
    for (const [index, { logProbs }] of together.entries()) {
      logProbs.forEach((value, at) => {
        expect(Math.abs(value - (alone[index]?.logProbs[at] as number))).toBeLessThan(1e-5);
      });
    }
    expect(tf.memory().numTensors).toBe(before);
    decoder.dispose();
  });

  test('a group of samples of one prompt reads the prompt once', async () => {
    const decoder = await createLively();
    const sampler = createSampler({ decoder, tokenizer, slots: 8 });
    const embed = vi.spyOn(layers, 'embedTokens');
    await sampler.generate(Array.from({ length: 8 }, (_, index) => ({ ...request(index, 0, system), maxTokens: 1 })));
    const read = embed.mock.calls.reduce((sum, [{ tokenIds }]) => sum + tokenIds.size, 0);
    embed.mockRestore();
    // Behind the shared pages, of 16 tokens each, seven samples read what is left of the prompt.
    expect(read).toBeGreaterThanOrEqual(70);
    expect(read).toBeLessThanOrEqual(70 + 7 * 16);
    sampler.dispose();
    decoder.dispose();
  });

  test('a waiting request takes the place of one that is done, and calls that overlap share the batch', async () => {
    const decoder = await createLively();
    const sampler = createSampler({ decoder, tokenizer, slots: 2 });
    const rows = vi.spyOn(layers, 'lastNorm');
    const long = { ...request(0, 0, [1, 2, 3]), maxTokens: 12 };
    const short = (index: number) => ({ ...request(index, 0, [1, 2, 3, index]), maxTokens: 3 });
    const calls = [sampler.generate([long, short(1), short(2)]), sampler.generate([short(3)])];
    await expect(sampler.generate([long])).rejects.toThrow('two requests of one batch have the id "0"');
    const results = (await Promise.all(calls)).flat();
    const sizes = rows.mock.calls.map(([, hidden]) => hidden.shape[0]);
    rows.mockRestore();
    const lengths = results.map(({ tokenIds }) => tokenIds.length);
    expect(lengths.reduce((sum, length) => sum + length, 0)).toBe(
      sizes.reduce<number>((sum, size) => sum + (size as number), 0),
    );
    // The short ones follow one another in the second slot. From stock ops, a prompt beside running sequences is a pass of its own.
    const following = lengths.slice(1).reduce((sum, length) => sum + length, 0);
    const steps = Math.max(lengths[0] as number, following);
    expect(sizes.length - steps).toBe(engine === 'wasm' ? 0 : 2);
    sampler.dispose();
    decoder.dispose();
  });
});
