import { createRandom, ModelError } from '@dgpo/trajectory';
import { beforeAll, describe, expect, test } from 'vitest';
import { selectEngine } from '../engine/select-engine.js';
import { createDecoder } from '../model/decoder.js';
import { decoderConfig } from '../model/decoder-config.js';
import { getParameters, setParameters } from '../model/flat-parameters.js';
import { trainCompactTokenizer } from '../tokenizer/compact-tokenizer.js';
import type { SampleRequest } from './sample-request.js';
import { createSampler } from './sampler.js';

const tokenizer = trainCompactTokenizer({ texts: [], specialTokens: ['<stop>'], maximumPieces: 0 });
const config = decoderConfig({
  vocabularySize: tokenizer.vocabularySize,
  hiddenSize: 8,
  numHiddenLayers: 1,
  numAttentionHeads: 2,
  maxPositionEmbeddings: 16,
});
const create = (seed = 1) => createDecoder({ config, random: createRandom(seed) });
const request = (options: Partial<SampleRequest> = {}): SampleRequest => ({
  id: 'a',
  contextTokenIds: [7, 8, 9],
  maxTokens: 4,
  temperature: 1,
  random: createRandom(3),
  ...options,
});

describe.each(['cpu', 'wasm'] as const)('createSampler on %s', (engine) => {
  beforeAll(async () => {
    await selectEngine({ engine });
  });

  test('context and sampled tokens together never exceed the context of the model', async () => {
    const decoder = create();
    const sampler = createSampler({ decoder, tokenizer, slots: 1 });
    for (const length of [14, 15, 16]) {
      const contextTokenIds = new Array<number>(length).fill(9);
      const [result] = await sampler.generate([request({ id: `${length}`, contextTokenIds, maxTokens: 10 })]);
      expect(result?.tokenIds).toHaveLength(16 - length);
      expect(result?.finishReason).toBe('length');
    }
    expect(sampler.maxContextTokens).toBe(16);
    sampler.dispose();
    expect(() => createSampler({ decoder, tokenizer, maxContextTokens: 17 })).toThrow('the model has 16 positions');
    decoder.dispose();
  });

  test('refuses empty and too long contexts and two requests of one name, and works on afterwards', async () => {
    const decoder = create();
    const sampler = createSampler({ decoder, tokenizer, slots: 2 });
    for (const bad of [
      [request({ contextTokenIds: [] })],
      [request({ contextTokenIds: new Array<number>(17).fill(9) })],
      [request(), request()],
    ]) {
      await expect(sampler.generate(bad)).rejects.toThrow(ModelError);
    }
    const [result] = await sampler.generate([request()]);
    expect(result?.tokenIds.length).toBeGreaterThan(0);
    sampler.dispose();
    decoder.dispose();
  });

  test('after reset, new weights give what a new sampler gives', async () => {
    const decoder = create();
    const sampler = createSampler({ decoder, tokenizer, slots: 2 });
    await sampler.generate([request()]);
    const other = create(2);
    setParameters(decoder, await getParameters(other));
    sampler.reset();
    const fresh = createSampler({ decoder: other, tokenizer, slots: 2 });
    const again = () => [request({ random: createRandom(4) })];
    expect(await sampler.generate(again())).toEqual(await fresh.generate(again()));
    for (const part of [sampler, fresh, decoder, other]) part.dispose();
  });

  test('a shorter context than before goes back in the cache', async () => {
    const decoder = create();
    const sampler = createSampler({ decoder, tokenizer, slots: 1 });
    const fresh = createSampler({ decoder, tokenizer, slots: 1 });
    await sampler.generate([request({ contextTokenIds: [1, 2, 3, 4, 5, 6, 7, 8] })]);
    const shorter = () => [request({ contextTokenIds: [1, 2, 3, 9], random: createRandom(5) })];
    const [actual] = await sampler.generate(shorter());
    const [expected] = await fresh.generate(shorter());
    expect(actual?.tokenIds).toEqual(expected?.tokenIds);
    for (const part of [sampler, fresh, decoder]) part.dispose();
  });

  test('the end-of-text token ends a sequence, and every token is announced', async () => {
    const decoder = create();
    const flat = await getParameters(decoder);
    // The embedding of the end-of-text token becomes that of all hidden states: a lone direction, 1000 times the rest.
    setParameters(
      decoder,
      flat.map((value, index) =>
        index < config.vocabularySize * 8 ? 1e-3 * value + 0.01 * Number(index % 8 === 0) : value,
      ),
    );
    const boosted = await getParameters(decoder);
    boosted[tokenizer.endOfTextId * 8] = 100;
    setParameters(decoder, boosted);
    const sampler = createSampler({ decoder, tokenizer, slots: 1 });
    const announced: number[] = [];
    const [result] = await sampler.generate([request({ onToken: (id) => announced.push(id) })]);
    expect(result).toMatchObject({ tokenIds: [tokenizer.endOfTextId], finishReason: 'end' });
    expect(announced).toEqual(result?.tokenIds);
    sampler.dispose();
    decoder.dispose();
  });

  test('the token that completes a stop string ends the sequence and stays in it', async () => {
    const decoder = create();
    const stopId = tokenizer.encode('<stop>', { allowSpecial: true })[0] as number;
    // Every hidden state has a positive first entry, and the stop token's embedding is that direction alone.
    const flat = (await getParameters(decoder)).map((value, index) =>
      index < config.vocabularySize * 8 ? 1e-3 * value + 0.01 * Number(index % 8 === 0) : value,
    );
    flat[stopId * 8] = 100;
    setParameters(decoder, flat);
    const sampler = createSampler({ decoder, tokenizer, slots: 1 });
    const [result] = await sampler.generate([request({ stop: ['<stop>'] })]);
    expect(result).toMatchObject({ tokenIds: [stopId], text: '<stop>', finishReason: 'stop' });
    expect(result?.logProbs).toHaveLength(1);
    sampler.dispose();
    decoder.dispose();
  });

  test('an aborted sequence ends after its token, and those that wait for its beginning go on alone', async () => {
    const decoder = createDecoder({ config: { ...config, maxPositionEmbeddings: 64 }, random: createRandom(1) });
    const context = Array.from({ length: 40 }, (_, index) => index % 9);
    const fresh = createSampler({ decoder, tokenizer, slots: 2 });
    const other = () => request({ id: 'other', contextTokenIds: [...context, 3], random: createRandom(2) });
    const [expected] = await fresh.generate([other()]);
    const sampler = createSampler({ decoder, tokenizer, slots: 2, maxStepTokens: 8 });
    let asked = 0;
    const early = { ...request({ contextTokenIds: context }), aborted: () => ++asked > 2 };
    const results = await sampler.generate([early, other()]);
    expect(results[0]).toMatchObject({ tokenIds: [], finishReason: 'length' });
    expect(results[1]).toEqual(expected);
    const tokens: number[] = [];
    const late = request({ id: 'late', onToken: (id: number) => tokens.push(id) });
    const [cut] = await sampler.generate([{ ...late, aborted: () => tokens.length === 2 }]);
    expect(cut).toMatchObject({ tokenIds: tokens, finishReason: 'length' });
    expect(tokens).toHaveLength(2);
    for (const part of [sampler, fresh, decoder]) part.dispose();
  });

  test('ids past the vocabulary of the tokenizer are never sampled', async () => {
    const padded = createDecoder({
      config: { ...config, vocabularySize: config.vocabularySize + 40 },
      random: createRandom(1),
    });
    const sampler = createSampler({ decoder: padded, tokenizer, slots: 1 });
    const results = await sampler.generate([request({ temperature: 100, random: createRandom(5) })]);
    expect(results[0]?.tokenIds.every((id) => id < tokenizer.vocabularySize)).toBe(true);
    expect(results[0]?.text.length).toBeGreaterThan(0);
    sampler.dispose();
    padded.dispose();
  });

  test('the logits of every draw are shown', async () => {
    const decoder = create();
    const sampler = createSampler({ decoder, tokenizer, slots: 1 });
    const logProbs: number[] = [];
    const onLogits = (logits: Float32Array, id: number) => {
      const peak = Math.max(...logits);
      const total = logits.reduce((sum, logit) => sum + Math.exp(logit - peak), 0);
      logProbs.push((logits[id] as number) - peak - Math.log(total));
    };
    const [result] = await sampler.generate([{ ...request({ temperature: 1 }), onLogits }]);
    expect(logProbs).toHaveLength(result?.tokenIds.length ?? -1);
    logProbs.forEach((value, index) => {
      expect(value).toBeCloseTo(result?.logProbs[index] ?? 0, 5);
    });
    sampler.dispose();
    decoder.dispose();
  });

  test('what a callback throws ends every request, those that wait too, and the sampler works on', async () => {
    const decoder = create();
    const sampler = createSampler({ decoder, tokenizer, slots: 1 });
    const requests = (onToken?: () => void) => [
      request({ random: createRandom(3), ...(onToken === undefined ? {} : { onToken }) }),
      request({ id: 'b', random: createRandom(4) }),
    ];
    const expected = await sampler.generate(requests());
    const failing = sampler.generate(
      requests(() => {
        throw new Error('of the caller');
      }),
    );
    const waiting = sampler.generate([request({ id: 'c' })]);
    await expect(failing).rejects.toThrow('of the caller');
    await expect(waiting).rejects.toThrow('of the caller');
    expect(await sampler.generate(requests())).toEqual(expected);
    sampler.dispose();
    decoder.dispose();
  });

  test('damaged weights are a ModelError', async () => {
    const decoder = create();
    const flat = await getParameters(decoder);
    setParameters(
      decoder,
      flat.map(() => Number.NaN),
    );
    const sampler = createSampler({ decoder, tokenizer, slots: 1 });
    await expect(sampler.generate([request()])).rejects.toThrow(ModelError);
    sampler.dispose();
    decoder.dispose();
  });
});
