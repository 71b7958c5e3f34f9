import { z } from 'zod';
import { count, nonNegative } from './data-sections.js';
import { checkTrainingEvaluation, trainingEvaluationFields } from './training-evaluation-fields.js';

const positive = () => z.number().positive();

const divergenceSchema = z.strictObject({
  name: z.enum(['fkl']).default('fkl').describe('`fkl` is KL(teacher ‖ student).'),
});

export const distillSchema = z
  .strictObject({
    objective: z
      .enum(['kd', 'sft'])
      .default('kd')
      .describe(
        'What is learned: `sft`, the tokens of the demonstrations; `kd`, also the distributions of the teacher.',
      ),
    demonstrator: z
      .enum(['teacher', 'expert'])
      .default('teacher')
      .describe('Whose episodes: the teacher’s, or those of the expert that is scripted from golden answers.'),
    divergence: divergenceSchema.prefault({}).describe('Between teacher and student, per token.'),
    numTasks: count().default(1000).describe('Training questions that the teacher plays.'),
    samplesPerTask: count().default(1).describe('Episodes per question; only correct ones are learned from.'),
    temperature: nonNegative().default(1).describe('Sampling temperature of the teacher; 0 is greedy.'),
    maxEpisodes: count().default(20000).describe('Correct episodes to keep at most.'),
    numTrainEpochs: count().default(5).describe('Passes over the kept episodes (DGPO: 5).'),
    batchSize: count().default(32).describe('Episodes per optimiser step.'),
    microBatchSize: count()
      .default(8)
      .describe('Episodes per forward and backward pass; it does not change the result.'),
    learningRate: positive().default(1e-3).describe('Peak learning rate of AdamW, decayed to 0 by a cosine.'),
    warmupSteps: count(0).default(20).describe('Steps of linear warm-up.'),
    maxGradNorm: positive().default(1).describe('Gradient norm to clip at.'),
    ceWeight: nonNegative().default(1).describe('Weight of the cross-entropy on the teacher’s tokens (DGPO: 1).'),
    klWeight: nonNegative()
      .default(1)
      .describe('Weight λ of the forward KL from teacher to student on the same tokens (DGPO: 1).'),
    ...trainingEvaluationFields,
  })
  .superRefine((distill, context) => {
    checkTrainingEvaluation(distill, context);
    if (distill.batchSize % distill.microBatchSize !== 0) {
      context.addIssue({
        code: 'custom',
        path: ['microBatchSize'],
        message: `must divide batchSize (${distill.batchSize}), got ${distill.microBatchSize}`,
      });
    }
    if (distill.ceWeight + distill.klWeight === 0) {
      context.addIssue({
        code: 'custom',
        path: ['ceWeight'],
        message: 'and klWeight are both 0: nothing would be learned',
      });
    }
  });

/** Settings of a stage of distillation. */
export type DistillSettings = z.output<typeof distillSchema>;
