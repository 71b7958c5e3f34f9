/** Writes docs/recipes.md and recipes/recipe.schema.json from the schema: `npm run docs:recipes -w @dgpo/trainer`. */
import { writeFile } from 'node:fs/promises';
import { recipeJsonSchema } from './recipe-fields.js';
import { recipeReference } from './recipe-reference.js';

const root = new URL('../../../../', import.meta.url);
await writeFile(new URL('docs/recipes.md', root), recipeReference());
await writeFile(new URL('recipes/recipe.schema.json', root), `${JSON.stringify(recipeJsonSchema(), null, 2)}\n`);
