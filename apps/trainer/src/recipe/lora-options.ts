import type { LoraOptions } from '@dgpo/lm';
import type { z } from 'zod';
import type { loraSchema } from './lora-schema.js';

/** The adapters that a recipe asks for; undefined where all weights are trained. */
export function loraOptions(lora: z.output<typeof loraSchema> | undefined): LoraOptions | undefined {
  if (lora === undefined) return undefined;
  const { rank, alpha, targetModules } = lora;
  return { rank, alpha, targetModules: targetModules.includes('all-linear') ? 'all-linear' : targetModules };
}
