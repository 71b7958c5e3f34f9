import { z } from 'zod';
import { count, nonNegative } from '../recipe/data-sections.js';
import { loraSchema } from '../recipe/lora-schema.js';
import { runFields } from '../recipe/run-fields.js';

const path = () => z.string().min(1);

const sftDataSchema = z.strictObject({
  train: path().describe(
    'JSONL with one of `text`, `contents` (passages), `prompt` and `completion`, or `messages` on each line.',
  ),
  test: path().optional().describe('Held-out JSONL of the same kind; without one, `testSize` lines of `train`.'),
  testSize: count()
    .default(100)
    .describe('Lines of `train` that are held out when there is no `test`, drawn by the seed.'),
  maxLength: count(8)
    .default(512)
    .describe('Tokens of a sequence. Longer text is cut into pieces; of the other kinds the end is dropped.'),
  packing: z
    .boolean()
    .default(false)
    .describe(
      'Join the texts of `train`, with the end-of-text token after each, and cut them into sequences of `maxLength`: nothing is padded. ' +
        'What stands before in a sequence is seen, another text too. Not for prompts and conversations; held-out text is never packed.',
    ),
});

const sftTrainingSchema = z
  .strictObject({
    maxSteps: count().default(100).describe('Optimiser updates.'),
    batchSize: count().default(8).describe('Sequences per update.'),
    microBatchSize: count()
      .default(2)
      .describe('Sequences per forward and backward pass; it does not change the result beyond rounding.'),
    maxTokensPerMicroBatch: count()
      .optional()
      .describe(
        'Tokens per forward and backward pass at most, padding counted, beside `microBatchSize`: the shorter the sequences, the more of ' +
          'them go together. A longer sequence goes alone.',
      ),
    learningRate: z
      .number()
      .positive()
      .default(2e-5)
      .describe('Peak learning rate of AdamW (TRL: 2e-5; adapters take about ten times that).'),
    warmupSteps: count(0).default(10).describe('Updates of linear warm-up.'),
    lrSchedulerType: z.enum(['constant', 'linear', 'cosine']).default('cosine').describe('What follows the warm-up.'),
    weightDecay: nonNegative().default(0).describe('Decoupled weight decay of matrices.'),
    maxGradNorm: z.number().positive().default(1).describe('Gradient norm to clip at.'),
    gradientCheckpointing: z
      .boolean()
      .default(false)
      .describe(
        'Keep only the inputs of blocks and compute the rest again in the backward pass: less memory, more time.',
      ),
    saveSteps: count().default(50).describe('Updates between checkpoints.'),
    saveTotalLimit: count().default(1).describe('Checkpoints to keep.'),
    evalSteps: count(0)
      .default(0)
      .describe('Updates between evaluations on the held-out text; 0 evaluates before and after only.'),
  })
  .superRefine((training, context) => {
    if (training.batchSize % training.microBatchSize !== 0) {
      context.addIssue({
        code: 'custom',
        path: ['microBatchSize'],
        message: `must divide batchSize (${training.batchSize}), got ${training.microBatchSize}`,
      });
    }
  });

/** A recipe of supervised fine-tuning. Names follow TRL. */
export const sftRecipeSchema = z.strictObject({
  method: z.literal('sft').describe('Supervised fine-tuning of a pretrained model.'),
  ...runFields({ outputDir: 'outputs/sft' }),
  model: path().describe(
    'A model folder in Hugging Face layout (relative to the recipe), or `org/name` or `org/name@revision` on the hub.',
  ),
  data: sftDataSchema.describe('Text to learn from. Paths are relative to the recipe.'),
  lora: loraSchema.optional().describe('Train low-rank adapters instead of all weights.'),
  training: sftTrainingSchema.prefault({}).describe('The updates.'),
  dtype: z.enum(['F32', 'BF16', 'F16']).default('F32').describe('Number format of the saved model.'),
});

/** A validated recipe of supervised fine-tuning with every default filled in. */
export type SftRecipe = z.output<typeof sftRecipeSchema>;
