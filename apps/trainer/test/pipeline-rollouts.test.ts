import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runPipeline } from '../src/pipeline/run-pipeline.js';
import { recipeSchema } from '../src/recipe/recipe-schema.js';
import { tinyRecipe } from './tiny-recipe.js';

it('a recipe chooses who plays: without its Redis server the run does not begin', async () => {
  const root = mkdtempSync(join(tmpdir(), 'dgpo-rollouts-'));
  const recipe = recipeSchema.parse({
    ...tinyRecipe({ data: join(root, 'data'), outputDir: join(root, 'run') }),
    // Nobody listens on the first port.
    rollouts: { kind: 'redis', url: 'redis://127.0.0.1:1' },
  });
  const quiet = { log: () => undefined, finish: async () => undefined };
  const reporter = { stage: () => undefined, line: () => undefined, progress: () => undefined, tracker: () => quiet };
  try {
    await expect(runPipeline({ recipe: { ...recipe, workers: 1 }, resume: false, reporter })).rejects.toThrow(
      /redis:\/\/127\.0\.0\.1:1/,
    );
  } finally {
    rmSync(root, { recursive: true });
  }
});
