import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadTokenizer } from '@dgpo/lm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createComputePool } from '../compute/pool.js';
import type { Reporter } from '../pipeline/reporter.js';
import { writeTinySft } from './__fixtures__/tiny-sft.js';
import { exampleRows } from './example-rows.js';
import { lossDifference, measureLoss } from './measure-loss.js';
import { readExamples } from './read-examples.js';
import { runSft } from './run-sft.js';
import { type SftRecipe, sftRecipeSchema } from './sft-schema.js';

let root = '';
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'dgpo-sft-'));
  await writeTinySft(root);
});
afterAll(() => rmSync(root, { recursive: true }));

function recipeOf(name: string, changes: { workers?: number; lora?: object; training?: object } = {}): SftRecipe {
  return sftRecipeSchema.parse({
    method: 'sft',
    outputDir: join(root, name),
    engine: 'wasm',
    workers: changes.workers ?? 1,
    model: join(root, 'model'),
    data: { train: join(root, 'texts.jsonl'), testSize: 12, maxLength: 32 },
    training: {
      maxSteps: 12,
      batchSize: 8,
      microBatchSize: 4,
      learningRate: 1e-2,
      warmupSteps: 2,
      saveSteps: 5,
      ...changes.training,
    },
    ...(changes.lora === undefined ? {} : { lora: changes.lora }),
  });
}

/** Says nothing; `onStep` sees every update. */
const reporter = (onStep: (step: number) => void = () => {}): Reporter => ({
  stage: () => {},
  line: () => {},
  progress: () => {},
  tracker: () => ({ log: (_, step) => onStep(step), finish: async () => {} }),
});

const weights = (folder: string | undefined) => readFileSync(join(folder ?? '', 'model.safetensors'), 'latin1');

it('lowers the held-out loss, and saves a model whose loss that is', async () => {
  const recipe = recipeOf('full');
  const result = await runSft({ recipe, resume: false, reporter: reporter() });
  expect(result.interrupted).toBe(false);
  expect(result.loss?.difference.high).toBeLessThan(-0.5);
  expect(result.text).toContain('difference');
  const { loss } = JSON.parse(readFileSync(join(recipe.outputDir, 'results.json'), 'utf8'));
  expect(loss.after.mean).toBeCloseTo(result.loss?.after.mean ?? 0, 12);
  const again = await runSft({ recipe, resume: true, reporter: reporter() });
  expect(again.loss).toEqual(result.loss);
});

it('interrupted and continued, on more workers, with checkpointing: the same bytes', async () => {
  const straight = await runSft({ recipe: recipeOf('straight'), resume: false, reporter: reporter() });
  const controller = new AbortController();
  const recipe = recipeOf('broken', { workers: 2 });
  const stop = (step: number) => step === 7 && controller.abort(new Error('stop'));
  const broken = await runSft({ recipe, resume: false, reporter: reporter(stop), signal: controller.signal });
  expect(broken.interrupted).toBe(true);
  const steps: number[] = [];
  const result = await runSft({ recipe, resume: true, reporter: reporter((step) => steps.push(step)) });
  expect(steps).toEqual([8, 9, 10, 11, 12]);
  expect(weights(result.model) === weights(straight.model)).toBe(true);
  const lean = recipeOf('lean', { training: { gradientCheckpointing: true } });
  const checkpointed = await runSft({ recipe: lean, resume: false, reporter: reporter() });
  expect(weights(checkpointed.model) === weights(straight.model)).toBe(true);
}, 180_000);

it('trains adapters, and adapter and merged model agree', async () => {
  const lora = { rank: 4, alpha: 8, targetModules: ['q_proj', 'v_proj', 'down_proj'] };
  const recipe = recipeOf('lora', { lora, training: { learningRate: 5e-2 } });
  const result = await runSft({ recipe, resume: false, reporter: reporter() });
  expect(result.loss?.difference.high).toBeLessThan(-0.1);
  const { model = '', adapter = '' } = result;
  const tokenizer = await loadTokenizer(model);
  const examples = await readExamples({ path: recipe.data.train });
  const rows = exampleRows({ examples, tokenizer, maxLength: 32 });
  const pool = await createComputePool({ engine: 'wasm', workers: 0 });
  await pool.broadcast({ kind: 'open', name: 'merged', directory: model, seed: 0 });
  await pool.broadcast({ kind: 'open', name: 'adapted', directory: recipe.model, seed: 0, adapter });
  const measure = (name: string) => measureLoss({ pool, model: name, rows, microBatchSize: 8 });
  const [merged, adapted] = [await measure('merged'), await measure('adapted')];
  await pool.close();
  merged.values.forEach((value, index) => {
    expect(Math.abs(value - (adapted.values[index] ?? 0))).toBeLessThan(1e-4);
  });
  expect(Math.abs(lossDifference(merged, adapted).mean)).toBeLessThan(1e-5);
});

it('packs texts, and keeps to a budget of tokens', async () => {
  const plain = recipeOf('packed', { training: { microBatchSize: 8, maxTokensPerMicroBatch: 96 } });
  const recipe = { ...plain, data: { ...plain.data, packing: true } };
  const result = await runSft({ recipe, resume: false, reporter: reporter() });
  expect(result.loss?.difference.high).toBeLessThan(-0.5);
  const [first = ''] = readFileSync(join(recipe.outputDir, 'metrics.jsonl'), 'utf8').split('\n');
  expect(JSON.parse(first)).toMatchObject({ num_tokens: 8 * 32 });
});

it('saves the adapter alone where it is not to be merged', async () => {
  const lora = { rank: 2, alpha: 4, targetModules: ['all-linear'], merge: false };
  const result = await runSft({ recipe: recipeOf('alone', { lora }), resume: false, reporter: reporter() });
  expect(result.model).toBeUndefined();
  expect(result.adapter).toBeDefined();
  expect(result.loss?.difference.mean).toBeLessThan(0);
});
