import { sftRecipeSchema } from '../sft/sft-schema.js';
import { recipeSchema } from './recipe-schema.js';

/** The schema of every kind of recipe, by its `method`. */
export const recipeSchemas = { dgpo: recipeSchema, sft: sftRecipeSchema } as const;

/** What a recipe does; without the key it is `dgpo`. */
export type RecipeMethod = keyof typeof recipeSchemas;

export const recipeMethods = Object.keys(recipeSchemas) as RecipeMethod[];
