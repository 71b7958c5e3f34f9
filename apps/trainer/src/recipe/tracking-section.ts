import { z } from 'zod';

/** Where the metrics of a run go, beside `metrics.jsonl`, which is always written. */
export const trackingSchema = z.strictObject({
  tensorboard: z.boolean().default(true).describe('Write TensorBoard event files, one folder per stage.'),
  wandb: z
    .boolean()
    .default(false)
    .describe(
      'Write W&B runs, one per stage, into `wandb/` of the run directory; `wandb sync` uploads them. With `WANDB_MODE=online` and ' +
        '`WANDB_API_KEY` they are uploaded while the run goes on, too.',
    ),
  project: z
    .string()
    .min(1)
    .max(128)
    .optional()
    .describe('W&B project; without one `WANDB_PROJECT`, or `dgpo`. The team is `WANDB_ENTITY`.'),
  name: z
    .string()
    .min(1)
    .max(128)
    .optional()
    .describe('Name of the run in W&B, before that of the stage; without one the name of the run directory.'),
  traceTokens: z
    .int()
    .min(0)
    .max(16)
    .default(4)
    .describe(
      'Reinforcement learning: episodes of each update in `traces/` whose tokens are recorded too, with log-probability, that of the ' +
        'teacher and advantage, in `traces/<stage>-<step>.tokens.jsonl`; `dgpo-eval serve` shows them.',
    ),
});

export type TrackingSettings = z.output<typeof trackingSchema>;
