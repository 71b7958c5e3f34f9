import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { mergeTrees, type RawRecipe } from '../recipe/expand-method.js';
import { isTree } from '../recipe/key-trees.js';
import { parseRecipe } from '../recipe/load-recipe.js';
import type { KeyTree } from '../recipe/methods/method.js';
import { mergeChain, readRecipeChain } from '../recipe/recipe-chain.js';
import type { Recipe } from '../recipe/recipe-schema.js';
import { recipesDirectory } from '../recipe/shipped-recipes.js';
import type { SisterRow } from './sister-rows.js';

/** The stages of a recipe with an unguided copy of the last before it, which the last does not start from. */
function withControl({ stages }: RawRecipe): unknown[] {
  const list: unknown[] = Array.isArray(stages) ? stages : [];
  const last = list.at(-1);
  if (!isTree(last) || !isTree(last.rl)) return list;
  const control = { ...last, name: 'ppo', baseline: true, rl: { ...last.rl, guidance: { gate: 'never' } } };
  return [...list.slice(0, -1), control, last];
}

/**
 * The recipe of a row on a seed, and its keys as written, without the folder of the run: what a result is a result of.
 * @throws ConfigError for keys that the recipe cannot have
 */
export function sisterRecipe(options: {
  row: SisterRow;
  seed: number;
  outputDir: string;
  /** Keys over those of the row, for trials. @default none */
  keys?: KeyTree;
  /** @default 0, shared out */
  workers?: number;
}): { recipe: Recipe; keys: RawRecipe } {
  const { row, seed, outputDir, keys = {}, workers = 0 } = options;
  const path = join(recipesDirectory, `${row.recipe}.yaml`);
  const shipped = mergeChain(readRecipeChain({ path, text: readFileSync(path, 'utf8') }));
  const own: RawRecipe = {
    ...mergeTrees(mergeTrees(row.keys ?? {}, keys), { seed }),
    ...(row.control ? { stages: withControl(shipped) } : {}),
  };
  // JSON is YAML: a row is a recipe that extends a shipped one.
  const text = JSON.stringify({ extends: `${row.recipe}.yaml`, ...own, outputDir, workers });
  const recipe = parseRecipe({ path: join(recipesDirectory, `${row.name}.json`), text });
  const { outputDir: _, workers: __, ...written } = mergeTrees(shipped, own);
  return { recipe, keys: written };
}
