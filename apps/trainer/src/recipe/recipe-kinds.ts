import { sftRecipeSchema } from '../sft/sft-schema.js';
import { methodNames } from './methods.js';
import { recipeInputSchema, recipeSchema } from './recipe-schema.js';

/** The two kinds of recipes: those of search agents, whatever their method, and supervised fine-tuning on text (`method: sft`). */
export type RecipeKind = 'agent' | 'sft';

export const recipeKinds: readonly RecipeKind[] = ['agent', 'sft'];

/** What validates a recipe. */
export const recipeSchemas = { agent: recipeSchema, sft: sftRecipeSchema } as const;

/** What describes the keys of a recipe. */
export const recipeInputSchemas = { agent: recipeInputSchema, sft: sftRecipeSchema } as const;

/** Every value of `method`. */
export const allMethods: readonly string[] = [...methodNames, 'sft'];
