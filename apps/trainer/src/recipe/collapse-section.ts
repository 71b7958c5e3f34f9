import { z } from 'zod';
import { count, nonNegative } from './data-sections.js';

const share = () => z.number().min(0).max(1);

/** When a stage of reinforcement learning counts as collapsed, and what happens then. */
export const collapseSchema = z.strictObject({
  action: z
    .enum(['stop', 'rollBack', 'warn'])
    .default('stop')
    .describe('End the stage, go back to the last good checkpoint with other random numbers, or say so and go on.'),
  window: count().default(5).describe('Updates that are averaged.'),
  maxRollBacks: count(0).default(3).describe('Roll backs after which the stage ends.'),
  reward: share().default(0.25).describe('Share of the best average below which the reward has collapsed.'),
  validActionRate: share().default(0.5).describe('The same for the share of actions that can be read.'),
  meanLength: share().default(0.25).describe('The same for the tokens of an episode.'),
  minimumLength: nonNegative().default(1).describe('Average length at or below which nothing can be said.'),
  maximumLength: z.number().positive().optional().describe('Average length above which episodes ramble on.'),
  minimumEntropy: nonNegative().optional().describe('Average entropy in nats below which nothing is explored.'),
  maximumEntropy: z.number().positive().optional().describe('Average entropy in nats above which the policy babbles.'),
  maximumKl: z
    .number()
    .positive()
    .optional()
    .describe('Average KL of gated episodes in nats per token above which the policy has left its reference.'),
});
