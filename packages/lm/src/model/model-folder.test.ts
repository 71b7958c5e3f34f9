import { mkdtemp, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRandom, ModelError } from '@dgpo/trajectory';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { trainCompactTokenizer } from '../tokenizer/compact-tokenizer.js';
import { readSafetensors } from '../weights/read-safetensors.js';
import { writeSafetensors } from '../weights/write-safetensors.js';
import { fromCheckpointTensors } from './__fixtures__/from-checkpoint-tensors.js';
import { toCheckpointTensors } from './checkpoint-tensors.js';
import { decoderConfig } from './decoder-config.js';
import { loadModel, saveModel } from './model-folder.js';
import { parameterCount } from './parameter-shapes.js';

const tokenizer = trainCompactTokenizer({
  texts: ['a search, a search'],
  specialTokens: ['<search>'],
  maximumPieces: 8,
});
const config = decoderConfig({
  vocabularySize: tokenizer.vocabularySize,
  hiddenSize: 8,
  intermediateSize: 6,
  numHiddenLayers: 2,
  numAttentionHeads: 4,
  numKeyValueHeads: 2,
  maxPositionEmbeddings: 32,
  ropeTheta: 5000,
  normEps: 1e-6,
});
const random = createRandom(7);
const parameters = Float32Array.from({ length: parameterCount(config) }, () => random.normal());

const shapes = {
  'model.embed_tokens.weight': [tokenizer.vocabularySize, 8],
  'model.norm.weight': [8],
  ...Object.fromEntries(
    [0, 1].flatMap((layer) =>
      Object.entries({
        'input_layernorm.weight': [8],
        'self_attn.q_proj.weight': [8, 8],
        'self_attn.k_proj.weight': [4, 8],
        'self_attn.v_proj.weight': [4, 8],
        'self_attn.o_proj.weight': [8, 8],
        'post_attention_layernorm.weight': [8],
        'mlp.gate_proj.weight': [6, 8],
        'mlp.up_proj.weight': [6, 8],
        'mlp.down_proj.weight': [8, 6],
      }).map(([name, shape]) => [`model.layers.${layer}.${name}`, shape]),
    ),
  ),
};

let root = '';
let count = 0;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'model-folder-'));
});
afterAll(() => rm(root, { recursive: true }));

/** A fresh folder with the model above. */
async function saved(options: Partial<Parameters<typeof saveModel>[0]> = {}): Promise<string> {
  count += 1;
  const directory = join(root, `${count}`, 'inner');
  await saveModel({ directory, config, parameters, tokenizer, ...options });
  return directory;
}

async function editConfig(directory: string, change: Record<string, unknown>): Promise<void> {
  const path = join(directory, 'config.json');
  const json = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
  await writeFile(path, JSON.stringify({ ...json, ...change }));
}

type Tensors = Awaited<ReturnType<typeof readSafetensors>>;
async function editTensors(directory: string, change: (tensors: Tensors) => void): Promise<void> {
  const path = join(directory, 'model.safetensors');
  const tensors = await readSafetensors({ path });
  change(tensors);
  await writeSafetensors({ path, tensors, dtype: 'F32' });
}

async function messageOf(directory: string): Promise<string> {
  const failure = await loadModel({ directory }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(ModelError);
  return (failure as Error).message;
}

describe('a model folder', () => {
  test('gives back sizes, weights and tokenizer exactly', async () => {
    const loaded = await loadModel({ directory: await saved() });
    expect(loaded.config).toEqual(config);
    expect(loaded.parameters).toEqual(parameters);
    expect(loaded.tokenizer).toMatchObject({ model: tokenizer.model });
    expect(loaded.tokenizer.encode('a search <search>', { allowSpecial: true })).toEqual(
      tokenizer.encode('a search <search>', { allowSpecial: true }),
    );
  });

  test('holds the tensors of a Llama checkpoint, the fused matrices cut in order', async () => {
    const tensors = await readSafetensors({ path: join(await saved(), 'model.safetensors') });
    expect(Object.fromEntries([...tensors].map(([name, { shape }]) => [name, shape]))).toEqual(shapes);
    // After embedding and first norm come queries (64 numbers), keys (32), values (32).
    const start = config.vocabularySize * 8 + 8;
    const data = (name: string) => tensors.get(`model.layers.0.self_attn.${name}.weight`)?.data;
    expect(data('q_proj')).toEqual(parameters.slice(start, start + 64));
    expect(data('k_proj')).toEqual(parameters.slice(start + 64, start + 96));
    expect(data('v_proj')).toEqual(parameters.slice(start + 96, start + 128));
  });

  test.each([
    ['F16', 2 ** -11],
    ['BF16', 2 ** -8],
  ] as const)('%s rounds each weight once', async (dtype, relative) => {
    const first = await loadModel({ directory: await saved({ dtype }) });
    first.parameters.forEach((value, index) => {
      const original = parameters[index] as number;
      expect(Math.abs(value - original)).toBeLessThanOrEqual(relative * Math.abs(original) + 1e-7);
    });
    // What has been rounded stays as it is.
    const second = await loadModel({ directory: await saved({ dtype, parameters: first.parameters }) });
    expect(second.parameters).toEqual(first.parameters);
  });

  test('says type, tokens and facts of the run, and is read with them', async () => {
    const facts = { 'held-out loss': 2.5, recipe: 'a | b' };
    const directory = await saved({ dtype: 'BF16', card: { baseModel: 'org/base', license: 'apache-2.0', facts } });
    const text = (name: string) => readFile(join(directory, name), 'utf8');
    expect(JSON.parse(await text('config.json'))).toMatchObject({
      torch_dtype: 'bfloat16',
      eos_token_id: tokenizer.endOfTextId,
    });
    expect(JSON.parse(await text('generation_config.json'))).toEqual({
      eos_token_id: tokenizer.endOfTextId,
      pad_token_id: tokenizer.padId,
    });
    const card = await text('README.md');
    expect(card.split('---\n')[1]).toBe(
      'license: "apache-2.0"\nlibrary_name: transformers\npipeline_tag: text-generation\nbase_model: "org/base"\n',
    );
    for (const row of [
      '| held-out loss | 2.5 |',
      '| recipe | a \\| b |',
      `| parameters | ${parameters.length} |`,
      '| weights | BF16 |',
    ]) {
      expect(card.split('\n')).toContain(row);
    }
    const bare = await readFile(join(await saved(), 'README.md'), 'utf8');
    expect(bare).not.toMatch(/license|base_model|undefined/);
    expect((await loadModel({ directory })).config).toEqual(config);
  });

  test('with a shard that is missing, cut off or of a type that holds no numbers is refused by name', async () => {
    const directory = await saved();
    const path = join(directory, 'model.safetensors');
    const tensors = await readSafetensors({ path });
    const shard = 'model-00001-of-00002.safetensors';
    const map = Object.fromEntries([...tensors.keys()].map((name) => [name, shard]));
    const index = JSON.stringify({ weight_map: { ...map, 'model.norm.weight': 'model-00002-of-00002.safetensors' } });
    await writeFile(join(directory, 'model.safetensors.index.json'), index);
    await rename(path, join(directory, shard));
    expect(await messageOf(directory)).toBe(
      `${directory}: model-00002-of-00002.safetensors is missing; model.safetensors.index.json names 2 files; download the model again`,
    );

    const cut = await saved();
    const file = join(cut, 'model.safetensors');
    await truncate(file, (await stat(file)).size - 4);
    expect(await messageOf(cut)).toMatch(/model\.safetensors: tensor "model\.norm\.weight" ends 4 bytes past the file/);

    const other = await saved();
    const bytes = await readFile(join(other, 'model.safetensors'));
    // Of the same size: only the name of the type changes.
    const at = bytes.indexOf('"F32"');
    bytes.write('"U32"', at);
    await writeFile(join(other, 'model.safetensors'), bytes);
    expect(await messageOf(other)).toMatch(
      /model\.safetensors: tensor "model\..*dtype U32 cannot be read; F32, F16, BF16 and I32 can/,
    );
  });

  test('refuses to save a vector of another size, which would lose a value head', async () => {
    await expect(saved({ parameters: new Float32Array(parameters.length + 8) })).rejects.toThrow(ModelError);
    await expect(saved({ parameters: parameters.slice(1) })).rejects.toThrow(ModelError);
  });

  test('accepts tied output weights that are stored as well, and settings that Hugging Face leaves at their defaults', async () => {
    const directory = await saved();
    await editTensors(directory, (tensors) => {
      const table = tensors.get('model.embed_tokens.weight');
      if (table !== undefined) tensors.set('lm_head.weight', table);
    });
    await editConfig(directory, {
      attention_bias: undefined,
      mlp_bias: undefined,
      head_dim: undefined,
      rope_scaling: null,
    });
    expect((await loadModel({ directory })).parameters).toEqual(parameters);
  });

  test.each([
    [{ model_type: 'mistral' }, 'model_type is "mistral"; supported are llama, qwen2, qwen3, gpt2'],
    [{ model_type: undefined }, 'model_type is undefined'],
    [{ hidden_act: 'gelu' }, 'hidden_act is "gelu"'],
    [{ tie_word_embeddings: false }, 'the tensor "lm_head.weight" is missing'],
    [{ attention_bias: true }, 'attention_bias is true'],
    [{ rope_scaling: { rope_type: 'llama3', factor: 8 } }, 'rope_scaling'],
    [{ hidden_size: undefined }, 'hidden_size is missing'],
    [{ num_hidden_layers: '2' }, 'num_hidden_layers is missing or not a number'],
    [{ num_key_value_heads: 3 }, 'numAttentionHeads (4) must be a multiple of numKeyValueHeads (3)'],
    [{ vocab_size: 100 }, `the tokenizer has ${tokenizer.vocabularySize} tokens, the model only 100`],
  ])('config.json with %j is refused', async (change, message) => {
    const directory = await saved();
    await editConfig(directory, change);
    expect(await messageOf(directory)).toContain(message);
  });

  test('a missing tensor, a wrong shape and a tensor too many are named', async () => {
    const name = 'model.layers.1.self_attn.k_proj.weight';
    const missing = await saved();
    await editTensors(missing, (tensors) => tensors.delete(name));
    expect(await messageOf(missing)).toContain(`model.safetensors: the tensor "${name}" is missing`);

    const wrong = await saved();
    await editTensors(wrong, (tensors) =>
      tensors.set(name, { shape: [8, 4], dtype: 'F32', data: new Float32Array(32) }),
    );
    expect(await messageOf(wrong)).toContain(`"${name}" has shape [8, 4], config.json asks for [4, 8]`);

    const extra = await saved();
    const bias = 'model.layers.0.self_attn.q_proj.bias';
    await editTensors(extra, (tensors) => tensors.set(bias, { shape: [8], dtype: 'F32', data: new Float32Array(8) }));
    expect(await messageOf(extra)).toContain(`"${bias}" does not belong`);
  });

  test('a folder without a file, or with half of one, is refused by name', async () => {
    for (const file of ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'model.safetensors']) {
      const directory = await saved();
      const bytes = await readFile(join(directory, file));
      await writeFile(join(directory, file), bytes.subarray(0, bytes.length / 2));
      expect(await messageOf(directory)).toContain(file);
      await rm(join(directory, file));
      expect(await messageOf(directory)).toContain(file);
    }
  });

  test('a value head travels as score.weight', () => {
    const flat = Float32Array.from([...parameters, ...new Array<number>(8).fill(0.5)]);
    const tensors = toCheckpointTensors({ config, parameters: flat, valueHead: true });
    expect(tensors.get('score.weight')).toEqual({ shape: [1, 8], data: new Float32Array(8).fill(0.5) });
    expect(fromCheckpointTensors({ config, tensors, valueHead: true, where: 'here' })).toEqual(flat);
  });
});
