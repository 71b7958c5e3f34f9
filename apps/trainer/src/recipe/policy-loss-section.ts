import { z } from 'zod';
import { count, nonNegative } from './data-sections.js';

const positive = () => z.number().positive();

export const policyLossSchema = z
  .strictObject({
    name: z
      .enum(['clip', 'gspo', 'cispo'])
      .default('clip')
      .describe(
        'Clipped ratio of each token (PPO), of the whole episode (GSPO), or clipped importance weights (CISPO).',
      ),
    clipRatioLow: positive()
      .max(1)
      .optional()
      .describe('How far the ratio may fall below 1, where it differs from `clipRatio` (GSPO: 3e-4).'),
    clipRatioHigh: positive()
      .optional()
      .describe('How far the ratio may rise above 1, where it differs from `clipRatio` (DAPO: 0.28; GSPO: 4e-4).'),
    dualClip: z
      .number()
      .gt(1)
      .optional()
      .describe(
        'Bound of the loss of tokens with negative advantage, with `name: clip` (verl: 3). Off where left out.',
      ),
    aggregation: z
      .enum(['token-mean', 'seq-mean-token-sum', 'seq-mean-token-mean', 'seq-mean-token-sum-norm'])
      .default('token-mean')
      .describe('How the losses of tokens become one number, over the mini-batch (verl: loss_agg_mode).'),
    maxTokens: count()
      .optional()
      .describe('Divisor of `seq-mean-token-sum-norm`; environment.maxTotalTokens where left out.'),
  })
  .superRefine((loss, context) => {
    if (loss.name !== 'clip' && loss.dualClip !== undefined) {
      context.addIssue({ code: 'custom', path: ['dualClip'], message: `has no effect with name: ${loss.name}` });
    }
    if (loss.aggregation !== 'seq-mean-token-sum-norm' && loss.maxTokens !== undefined) {
      context.addIssue({
        code: 'custom',
        path: ['maxTokens'],
        message: `has no effect with aggregation: ${loss.aggregation}`,
      });
    }
  });

export const overlongSchema = z.strictObject({
  bufferLength: count(0)
    .default(0)
    .describe(
      'Last tokens before environment.maxTotalTokens over which a punishment of the reward grows (DAPO: a fifth of the limit); 0 is none.',
    ),
  penaltyFactor: nonNegative().default(1).describe('The largest punishment (DAPO: 1).'),
  maskTruncated: z
    .boolean()
    .default(false)
    .describe('Whether episodes that the length limit cut are left out of the loss (overlong filtering).'),
});

export const samplerCorrectionSchema = z
  .strictObject({
    level: z
      .enum(['none', 'token', 'sequence'])
      .optional()
      .describe(
        'Importance weights of trainer against sampler, per token or per episode; `token` with maxStaleness above 0, else `none`.',
      ),
    cap: positive().default(2).describe('Where importance weights end (truncated importance sampling).'),
    geometricLow: positive()
      .optional()
      .describe('Least geometric mean ratio of an episode that is learned from; 1 / geometricHigh where left out.'),
    geometricHigh: positive().optional().describe('Largest one, such as 1.01; every episode counts where left out.'),
  })
  .superRefine(({ geometricLow, geometricHigh }, context) => {
    if (geometricLow === undefined) return;
    const message =
      geometricHigh === undefined
        ? 'needs geometricHigh'
        : geometricLow > geometricHigh
          ? `must not exceed geometricHigh (${geometricHigh}), got ${geometricLow}`
          : undefined;
    if (message !== undefined) context.addIssue({ code: 'custom', path: ['geometricLow'], message });
  });
