import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '@dgpo/trajectory';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { runPipeline } from '../src/pipeline/run-pipeline.js';
import { recipeSchema } from '../src/recipe/recipe-schema.js';

vi.mock('@dgpo/envs/code', async (original) => ({
  ...(await original<typeof import('@dgpo/envs/code')>()),
  checkPython: () => {
    throw new ConfigError('the package pyodide is not installed');
  },
}));

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'dgpo-missing-python-'));
});
afterAll(() => rmSync(root, { recursive: true }));

it('a recipe of code fails before anything is made', async () => {
  const outputDir = join(root, 'run');
  const recipe = recipeSchema.parse({ method: 'agent-distillation', outputDir, data: { world: 'arithmetic' } });
  const quiet = { log: () => undefined, finish: async () => undefined };
  const reporter = { stage: () => undefined, line: () => undefined, progress: () => undefined, tracker: () => quiet };
  await expect(runPipeline({ recipe, resume: false, reporter })).rejects.toThrow('pyodide is not installed');
  expect(existsSync(outputDir)).toBe(false);
});
