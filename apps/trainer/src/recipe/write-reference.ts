/** Writes docs/recipes.md and recipes/*.schema.json from the schemas: `npm run docs:recipes -w @dgpo/trainer`. */
import { writeFile } from 'node:fs/promises';
import { recipeJsonSchema } from './recipe-fields.js';
import { recipeKinds } from './recipe-kinds.js';
import { recipeReference } from './recipe-reference.js';

const root = new URL('../../../../', import.meta.url);
await writeFile(new URL('docs/recipes.md', root), recipeReference());
const schemaFiles = { agent: 'recipe.schema.json', sft: 'sft.schema.json' } as const;
for (const kind of recipeKinds) {
  const json = `${JSON.stringify(recipeJsonSchema(kind), null, 2)}\n`;
  await writeFile(new URL(`recipes/${schemaFiles[kind]}`, root), json);
}
