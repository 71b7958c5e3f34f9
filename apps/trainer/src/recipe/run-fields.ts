import { z } from 'zod';
import { count } from './data-sections.js';
import { trackingSchema } from './tracking-section.js';

/** The keys that every recipe has, whatever its method. */
export const runFields = (defaults: { outputDir: string }) => ({
  seed: z
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .default(0)
    .describe('Seed of every random choice of the run.'),
  outputDir: z
    .string()
    .min(1)
    .default(defaults.outputDir)
    .describe('Run directory, relative to the working directory.'),
  engine: z
    .enum(['auto', 'wasm', 'cpu', 'webgpu', 'tensorflow'])
    .default('auto')
    .describe('TensorFlow.js backend; `auto` takes the fastest that works here.'),
  workers: count(0)
    .max(256)
    .default(0)
    .describe('Worker threads for rollouts and gradients; 0 is one per core. It does not change the result.'),
  tracking: trackingSchema.prefault({}).describe('Where metrics go beside `metrics.jsonl`.'),
});
