import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '@dgpo/trajectory';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeTinyAgent } from '../ask/__fixtures__/tiny-agent.js';
import { openModel } from './open-model.js';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'dgpo-open-'));
});
afterAll(() => rmSync(root, { recursive: true }));

describe('openModel', () => {
  it('loads a folder by its path', async () => {
    await writeTinyAgent(root);
    const model = await openModel({ model: 'model', engine: 'cpu', workingDirectory: root });
    expect(model).toMatchObject({ name: 'model', engine: { name: 'cpu' } });
    expect(model.decoder.config.vocabularySize).toBe(model.tokenizer.vocabularySize);
    model.dispose();
  });

  it('refuses a model that cannot fit before it looks for weights, and names an engine that would do', async () => {
    const sizes = {
      model_type: 'llama',
      vocab_size: 128_256,
      hidden_size: 2048,
      intermediate_size: 8192,
      num_hidden_layers: 16,
      num_attention_heads: 32,
      num_key_value_heads: 8,
      max_position_embeddings: 131_072,
      rms_norm_eps: 1e-5,
      tie_word_embeddings: true,
    };
    writeFileSync(join(root, 'config.json'), JSON.stringify(sizes));
    const opened = openModel({ model: root, engine: 'wasm' });
    await expect(opened).rejects.toThrow(ConfigError);
    await expect(opened).rejects.toThrow(/needs about 4\.\d GiB .* with engine tensorflow, or engine webgpu$/);
  });

  it('says when there is nothing', async () => {
    await expect(openModel({ model: 'none', workingDirectory: root })).rejects.toThrow(/none: there is no such model/);
  });
});
