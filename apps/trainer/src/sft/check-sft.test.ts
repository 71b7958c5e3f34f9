import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadAnyRecipe } from '../recipe/load-recipe.js';
import { writeTinySft } from './__fixtures__/tiny-sft.js';
import { checkSft, renderSftCheck } from './check-sft.js';
import type { SftRecipe } from './sft-schema.js';

let root = '';
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'dgpo-check-sft-'));
  await writeTinySft(root);
});
afterAll(() => rmSync(root, { recursive: true }));

async function recipeOf(lines: readonly string[]): Promise<SftRecipe> {
  const path = join(root, 'recipe.yaml');
  writeFileSync(
    path,
    ['method: sft', 'model: model', 'data: { train: texts.jsonl, testSize: 8 }', ...lines].join('\n'),
  );
  const recipe = await loadAnyRecipe({ path });
  if (recipe.method !== 'sft') throw new Error('another method');
  return recipe;
}

it('counts what would be trained', async () => {
  const recipe = await recipeOf(['training: { maxSteps: 10, batchSize: 8 }']);
  const checked = await checkSft({ recipe, engine: 'wasm' });
  expect(checked.model.directory).toBe(join(root, 'model'));
  expect(checked.model.trained).toBe(checked.model.parameters);
  expect(checked.train).toMatchObject({ examples: 40, sequences: 40 });
  expect(checked.heldOut).toMatchObject({ examples: 8, sequences: 8 });
  expect(checked.updates).toEqual({ steps: 10, tokens: 2 * checked.train.tokens, epochs: 2 });
  const text = renderSftCheck(checked);
  expect(text).toContain('all trained');
  expect(text).toContain('updates   10');
});

it('counts adapters', async () => {
  const recipe = await recipeOf(['lora: { rank: 4, targetModules: [o_proj] }']);
  const { model } = await checkSft({ recipe, engine: 'wasm' });
  // Two blocks, each with A [4, 32] and B [32, 4].
  expect(model.trained).toBe(2 * 2 * 4 * 32);
});

it('refuses what does not fit, in the words of the recipe', async () => {
  const recipe = await recipeOf(['training: { batchSize: 524288, microBatchSize: 524288 }']);
  await expect(checkSft({ recipe, engine: 'wasm' })).rejects.toThrow(
    /needs about .* GiB .*engine wasm has 4\.0 GiB; it fits with training\.microBatchSize of \d+/,
  );
});

it('names what is missing', async () => {
  const recipe = await recipeOf(['seed: 1']);
  await expect(checkSft({ recipe: { ...recipe, model: 'org/name' }, engine: 'wasm' })).rejects.toThrow(/org\/name/);
  const data = { ...recipe.data, train: join(root, 'none.jsonl') };
  await expect(checkSft({ recipe: { ...recipe, data }, engine: 'wasm' })).rejects.toThrow(/none\.jsonl/);
});
