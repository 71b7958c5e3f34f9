import type { LoraOptions } from '@dgpo/lm';
import type { SftRecipe } from './sft-schema.js';

/** The adapters that a recipe asks for; undefined where all weights are trained. */
export function loraOptions(lora: SftRecipe['lora']): LoraOptions | undefined {
  if (lora === undefined) return undefined;
  const { rank, alpha, targetModules } = lora;
  return { rank, alpha, targetModules: targetModules.includes('all-linear') ? 'all-linear' : targetModules };
}
