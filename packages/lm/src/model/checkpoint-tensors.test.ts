import { createRandom, ModelError } from '@dgpo/trajectory';
import { beforeAll, describe, expect, test } from 'vitest';
import { selectEngine } from '../engine/select-engine.js';
import { fromCheckpointTensors } from './__fixtures__/from-checkpoint-tensors.js';
import { createCheckpointCollector, type NamedTensor, toCheckpointTensors } from './checkpoint-tensors.js';
import { createDecoder } from './decoder.js';
import { type DecoderConfigOptions, decoderConfig } from './decoder-config.js';
import { getParameters } from './flat-parameters.js';
import { parameterCount } from './parameter-shapes.js';

const sizes = {
  vocabularySize: 5,
  hiddenSize: 4,
  intermediateSize: 3,
  numHiddenLayers: 1,
  numAttentionHeads: 2,
  maxPositionEmbeddings: 6,
};

/** A model whose parameters are the numbers 0, 1, 2, … */
function counting(options: Partial<DecoderConfigOptions>) {
  const config = decoderConfig({ ...sizes, ...options });
  return { config, parameters: Float32Array.from({ length: parameterCount(config) }, (_, index) => index) };
}

const shapesOf = (tensors: ReadonlyMap<string, NamedTensor>) =>
  Object.fromEntries([...tensors].map(([name, { shape }]) => [name, shape]));

describe('GPT-2', () => {
  const { config, parameters } = counting({ modelType: 'gpt2' });
  const tensors = toCheckpointTensors({ config, parameters });
  const read = (changed: ReadonlyMap<string, NamedTensor>) =>
    fromCheckpointTensors({ config, tensors: changed, where: 'here' });

  test('has the names and shapes of GPT2LMHeadModel, matrices of blocks as [in, out]', () => {
    expect(shapesOf(tensors)).toEqual({
      'transformer.wte.weight': [5, 4],
      'transformer.wpe.weight': [6, 4],
      'transformer.h.0.ln_1.weight': [4],
      'transformer.h.0.ln_1.bias': [4],
      'transformer.h.0.attn.c_attn.weight': [4, 12],
      'transformer.h.0.attn.c_attn.bias': [12],
      'transformer.h.0.attn.c_proj.weight': [4, 4],
      'transformer.h.0.attn.c_proj.bias': [4],
      'transformer.h.0.ln_2.weight': [4],
      'transformer.h.0.ln_2.bias': [4],
      'transformer.h.0.mlp.c_fc.weight': [4, 3],
      'transformer.h.0.mlp.c_fc.bias': [3],
      'transformer.h.0.mlp.c_proj.weight': [3, 4],
      'transformer.h.0.mlp.c_proj.bias': [4],
      'transformer.ln_f.weight': [4],
      'transformer.ln_f.bias': [4],
    });
    // After 20 + 24 + 8 numbers comes our [12, 4] matrix: its first column is the first row of theirs.
    const first = tensors.get('transformer.h.0.attn.c_attn.weight')?.data.slice(0, 12);
    expect([...(first ?? [])]).toEqual(Array.from({ length: 12 }, (_, row) => 52 + 4 * row));
  });

  test('is read with the names of GPT2Model too, and with the masks that old files hold', () => {
    const bare = new Map([...tensors].map(([name, tensor]) => [name.replace('transformer.', ''), tensor]));
    bare.set('h.0.attn.bias', { shape: [1, 1, 6, 6], data: new Float32Array(36) });
    bare.set('h.0.attn.masked_bias', { shape: [], data: new Float32Array(1) });
    expect(read(tensors)).toEqual(parameters);
    expect(read(bare)).toEqual(parameters);
  });

  test('names what is missing, of another shape or too many', () => {
    const name = 'transformer.h.0.mlp.c_fc.weight';
    const without = new Map(tensors);
    without.delete(name);
    expect(() => read(without)).toThrow(ModelError);
    expect(() => read(without)).toThrow(`here: the tensor "${name}" is missing`);
    const turned = new Map(tensors).set(name, { shape: [3, 4], data: new Float32Array(12) });
    expect(() => read(turned)).toThrow(`"${name}" has shape [3, 4], config.json asks for [4, 3]`);
    const more = new Map(tensors).set('transformer.h.1.ln_1.bias', { shape: [4], data: new Float32Array(4) });
    expect(() => read(more)).toThrow('"transformer.h.1.ln_1.bias" does not belong to this architecture');
    const collector = createCheckpointCollector({ config, parameter: () => new Float32Array(0) });
    const [[twice, { shape }] = ['', { shape: [] }]] = tensors;
    collector.begin({ name: twice, shape, where: 'here' });
    expect(() => collector.begin({ name: twice, shape, where: 'here' })).toThrow(`"${twice}" is there twice`);
  });
});

describe('Qwen', () => {
  test('Qwen2 has biases of queries, keys and values', () => {
    const { config, parameters } = counting({ modelType: 'qwen2', numKeyValueHeads: 1 });
    const tensors = toCheckpointTensors({ config, parameters });
    const biases = [...tensors].filter(([name]) => name.endsWith('.bias'));
    const prefix = 'model.layers.0.self_attn';
    // 20 numbers of embeddings, 4 of the norm and the [8, 4] matrix come before.
    expect(biases.map(([name, { data }]) => [name, [...data]])).toEqual([
      [`${prefix}.q_proj.bias`, [56, 57, 58, 59]],
      [`${prefix}.k_proj.bias`, [60, 61]],
      [`${prefix}.v_proj.bias`, [62, 63]],
    ]);
    tensors.delete(`${prefix}.k_proj.bias`);
    expect(() => fromCheckpointTensors({ config, tensors, where: 'here' })).toThrow(
      `"${prefix}.k_proj.bias" is missing`,
    );
  });

  test('Qwen3 has norms of heads, and an output matrix of its own where it is not tied', () => {
    const { config, parameters } = counting({ modelType: 'qwen3', headDim: 6, tieWordEmbeddings: false });
    const tensors = toCheckpointTensors({ config, parameters });
    expect(shapesOf(tensors)).toMatchObject({
      'model.layers.0.self_attn.q_norm.weight': [6],
      'model.layers.0.self_attn.k_norm.weight': [6],
      'lm_head.weight': [5, 4],
    });
    expect([...tensors.keys()].at(-1)).toBe('lm_head.weight');
    expect(fromCheckpointTensors({ config, tensors, where: 'here' })).toEqual(parameters);
    tensors.delete('lm_head.weight');
    expect(() => fromCheckpointTensors({ config, tensors, where: 'here' })).toThrow('"lm_head.weight" is missing');
  });
});

describe('createDecoder', () => {
  beforeAll(async () => {
    await selectEngine({ engine: 'cpu' });
  });

  test.each(['llama', 'qwen2', 'qwen3', 'gpt2'] as const)(
    'of %s starts with norms of 1 and biases of 0, and its value head travels as score.weight',
    async (modelType) => {
      const config = decoderConfig({ ...sizes, modelType });
      const decoder = createDecoder({ config, random: createRandom(1), valueHead: true });
      for (const [name, variable] of decoder.parameters) {
        if (variable.rank !== 1) continue;
        expect(new Set(await variable.data()), name).toEqual(new Set([name.endsWith('.bias') ? 0 : 1]));
      }
      const parameters = (await getParameters(decoder)).slice();
      parameters.fill(0.5, parameters.length - 4);
      const tensors = toCheckpointTensors({ config, parameters, valueHead: true });
      expect(tensors.get('score.weight')).toEqual({ shape: [1, 4], data: new Float32Array(4).fill(0.5) });
      expect(fromCheckpointTensors({ config, tensors, valueHead: true, where: 'here' })).toEqual(parameters);
      decoder.dispose();
    },
  );
});
