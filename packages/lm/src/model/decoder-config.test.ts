import { createRandom, ModelError } from '@dgpo/trajectory';
import { beforeAll, describe, expect, test } from 'vitest';
import { selectEngine } from '../engine/select-engine.js';
import { createDecoder, parameter } from './decoder.js';
import { decoderConfig } from './decoder-config.js';
import { getParameters, setParameters } from './flat-parameters.js';
import { hiddenStates } from './forward.js';
import { parameterCount, valueHeadName } from './parameter-shapes.js';
import { tokenBatch } from './token-batch.js';

const sizes = { vocabularySize: 10, hiddenSize: 12, numHiddenLayers: 3, numAttentionHeads: 2 };

describe('decoderConfig', () => {
  test('fills in the usual values', () => {
    expect(decoderConfig(sizes)).toEqual({
      ...sizes,
      modelType: 'llama',
      intermediateSize: 32,
      numKeyValueHeads: 2,
      headDim: 6,
      maxPositionEmbeddings: 512,
      ropeTheta: 10_000,
      ropeScaling: null,
      normEps: 1e-5,
      hiddenAct: 'silu',
      tieWordEmbeddings: true,
    });
  });

  test('counts parameters: embedding, and per layer four attention and three MLP matrices and two norms', () => {
    // 10·12 + 3·(4·12² + 3·12·32 + 2·12) + 12
    expect(parameterCount(decoderConfig(sizes))).toBe(120 + 3 * (576 + 1152 + 24) + 12);
  });

  test.each([
    [{ numHiddenLayers: 0 }, 'numHiddenLayers must be a positive whole number, not 0'],
    [{ numHiddenLayers: 1.5 }, 'numHiddenLayers'],
    [{ normEps: Number.NaN }, 'normEps must be a positive number'],
    [{ numAttentionHeads: 5 }, 'headDim must be a positive whole number, not 2.4'],
    [{ numAttentionHeads: 4 }, 'headDim must be even for rotary positions, not 3'],
    [{ numAttentionHeads: 6, numKeyValueHeads: 4 }, 'must be a multiple'],
  ])('refuses %j', (change, message) => {
    expect(() => decoderConfig({ ...sizes, ...change })).toThrow(ModelError);
    expect(() => decoderConfig({ ...sizes, ...change })).toThrow(message);
  });
});

describe('createDecoder', () => {
  const config = decoderConfig({ ...sizes, maxPositionEmbeddings: 8 });
  beforeAll(async () => {
    await selectEngine({ engine: 'cpu' });
  });

  test('draws each parameter from a stream of its own name, scaled as documented', async () => {
    const wide = decoderConfig({ ...sizes, vocabularySize: 500, hiddenSize: 64 });
    const decoder = createDecoder({ config: wide, random: createRandom(1), valueHead: true });
    const spread = async (name: string) => {
      const data = (await parameter(decoder, name).data()) as Float32Array;
      return Math.sqrt(data.reduce((sum, value) => sum + value * value, 0) / data.length);
    };
    // Of 4,096 draws or more, the standard error of the spread is at most 1.1 %.
    expect(Math.abs((await spread('model.embed_tokens.weight')) / 0.02 - 1)).toBeLessThan(0.05);
    const residual = 0.02 / Math.sqrt(6);
    expect(Math.abs((await spread('model.layers.1.self_attn.o_proj.weight')) / residual - 1)).toBeLessThan(0.05);
    expect(await spread('model.layers.2.input_layernorm.weight')).toBe(1);
    expect(await spread(valueHeadName)).toBe(0);
    // The value head takes nothing from the other streams.
    const without = createDecoder({ config: wide, random: createRandom(1) });
    const flat = await getParameters(without);
    expect((await getParameters(decoder)).subarray(0, flat.length)).toEqual(flat);
    decoder.dispose();
    without.dispose();
  });

  test('refuses sequences longer than its positions, empty ones, unknown names and vectors of another size', async () => {
    const decoder = createDecoder({ config });
    const long = tokenBatch({ sequences: [new Array<number>(9).fill(1)] });
    expect(() => hiddenStates(decoder, long)).toThrow(/maxPositionEmbeddings \(8\)/);
    long.dispose();
    expect(() => tokenBatch({ sequences: [] })).toThrow(ModelError);
    expect(() => tokenBatch({ sequences: [[1], []] })).toThrow(ModelError);
    expect(() => parameter(decoder, 'score.weight')).toThrow(ModelError);
    const flat = await getParameters(decoder);
    expect(() => setParameters(decoder, flat.slice(1))).toThrow(/too short/);
    expect(() => setParameters(decoder, new Float32Array(flat.length + 1))).toThrow(/too long/);
    decoder.dispose();
  });
});
