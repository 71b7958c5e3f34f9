import { z } from 'zod';
import { count } from './data-sections.js';

/** Adapters of low rank in a recipe. */
export const loraSchema = z.strictObject({
  rank: count().default(16).describe('Rank r of the adapters.'),
  alpha: z.number().positive().default(32).describe('The adapters are scaled by alpha / rank.'),
  targetModules: z
    .array(z.string().min(1))
    .min(1)
    .default(['all-linear'])
    .describe('Projections with an adapter, named as in Hugging Face (`q_proj`, `v_proj`, …), or `all-linear`.'),
  merge: z
    .boolean()
    .default(true)
    .describe('Save the model with the adapter folded into its weights too, beside the adapter.'),
});
