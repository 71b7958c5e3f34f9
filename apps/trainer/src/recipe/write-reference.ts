/** Writes docs/recipes.md and recipes/*.schema.json from the schemas: `npm run docs:recipes -w @dgpo/trainer`. */
import { writeFile } from 'node:fs/promises';
import { recipeJsonSchema } from './recipe-fields.js';
import { recipeMethods } from './recipe-methods.js';
import { recipeReference } from './recipe-reference.js';

const root = new URL('../../../../', import.meta.url);
await writeFile(new URL('docs/recipes.md', root), recipeReference());
const schemaFiles = { dgpo: 'recipe.schema.json', sft: 'sft.schema.json' } as const;
for (const method of recipeMethods) {
  const json = `${JSON.stringify(recipeJsonSchema(method), null, 2)}\n`;
  await writeFile(new URL(`recipes/${schemaFiles[method]}`, root), json);
}
