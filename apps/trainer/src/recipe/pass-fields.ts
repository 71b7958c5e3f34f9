import { z } from 'zod';
import { count } from './data-sections.js';

export const gradientCheckpointing = () =>
  z
    .boolean()
    .default(false)
    .describe(
      'Keep only the inputs of blocks and compute the rest again in the backward pass: less memory, more time, the same result.',
    );

export const rolloutBatchSize = () =>
  count().default(64).describe('Episodes that a worker plays side by side; it does not change the result.');
