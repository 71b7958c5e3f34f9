import { z } from 'zod';
import { count } from './data-sections.js';

export const gradientCheckpointing = () =>
  z
    .boolean()
    .default(false)
    .describe(
      'Run each block of the model again in the backward pass in place of keeping its activations: less memory, more time, the same result.',
    );

export const rolloutBatchSize = () =>
  count().default(64).describe('Episodes that a worker plays side by side; it does not change the result.');
