import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { loadAnyRecipe } from './load-recipe.js';

const folder = fileURLToPath(new URL('../../../../recipes/', import.meta.url));

it.each(readdirSync(folder).filter((name) => name.endsWith('.yaml')))(
  'recipes/%s is valid and its files exist',
  async (name) => {
    const recipe = await loadAnyRecipe({ path: `${folder}${name}` });
    const files =
      recipe.method === 'sft'
        ? [recipe.data.train, recipe.data.test]
        : [recipe.data.corpus, recipe.data.trainQuestions, ...recipe.data.evalQuestions.map((set) => set.path)];
    expect(files.filter((path) => path !== undefined && !existsSync(path))).toEqual([]);
  },
);
