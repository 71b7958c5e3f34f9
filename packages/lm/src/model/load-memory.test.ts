import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { trainCompactTokenizer } from '../tokenizer/compact-tokenizer.js';
import { type DecoderConfigOptions, decoderConfig } from './decoder-config.js';
import { saveModel } from './model-folder.js';
import { parameterCount } from './parameter-shapes.js';

const script = fileURLToPath(new URL('./__fixtures__/measure-load.ts', import.meta.url));
const tokenizer = trainCompactTokenizer({ texts: [], specialTokens: [], maximumPieces: 0 });

let root: string;
async function save(name: string, options: Partial<DecoderConfigOptions>, dtype: 'F32' | 'BF16'): Promise<string> {
  const directory = join(root, name);
  const config = decoderConfig({
    vocabularySize: 300,
    hiddenSize: 64,
    numHiddenLayers: 1,
    numAttentionHeads: 8,
    ...options,
  });
  await saveModel({ directory, config, parameters: new Float32Array(parameterCount(config)), tokenizer, dtype });
  return directory;
}

// Most of it in one tensor, as in small models of large vocabularies: 126 MB in float32.
const large = { vocabularySize: 50_000, hiddenSize: 512, numHiddenLayers: 2 };

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'dgpo-memory-'));
});
afterAll(() => rm(root, { recursive: true }));

test.each([
  ['wasm', 'decoder', 'BF16', {}],
  ['cpu', 'decoder', 'F32', {}],
  ['cpu', 'vector', 'BF16', {}],
  ['wasm', 'decoder', 'F32', { modelType: 'gpt2' }],
] as const)('on %s, loading a %s of %s takes at most the size of the weights and 15 % %j', async (...args) => {
  const [engine, kind, dtype, options] = args;
  const [small, model] = await Promise.all([
    save('small', options, dtype),
    save('large', { ...large, ...options }, dtype),
  ]);
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...['--import', 'tsx', '--conditions=@dgpo/source', script],
    ...[engine, kind, small, model],
  ]);
  const { growth, modelBytes } = JSON.parse(stdout) as { growth: number; modelBytes: number };
  expect(modelBytes).toBeGreaterThan(100e6);
  expect(growth).toBeLessThanOrEqual(1.15 * modelBytes);
  expect(growth).toBeGreaterThan(0.9 * modelBytes);
});
