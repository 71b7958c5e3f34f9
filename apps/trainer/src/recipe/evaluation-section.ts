import { z } from 'zod';
import { count, nonNegative } from './data-sections.js';

export const evaluationSchema = z.strictObject({
  tasksPerSet: count().default(1000).describe('Questions of each held-out set to evaluate on, from its start.'),
  validationTasks: count()
    .default(64)
    .describe(
      'Questions that a training with `evalSteps` is evaluated on: the first of `data.validationQuestions`, else the last of the training questions, which are then not trained on.',
    ),
  temperature: nonNegative().default(0).describe('Sampling temperature; 0 is greedy.'),
  selfConsistency: z
    .strictObject({
      samples: count(2).max(64).default(8).describe('Candidates of a turn (agent distillation: 8).'),
      temperature: z.number().positive().default(0.4).describe('Of their sampling (agent distillation: 0.4).'),
      compat: z
        .enum(['none', 'reference'])
        .default('none')
        .describe(
          '`reference` votes on what code printed alone, as the released code does; `none` on all that it gave.',
        ),
    })
    .optional()
    .describe(
      'Evaluate every trained student also with self-consistent actions: candidates of each turn are carried out on forks of the episode, and the most frequent outcome wins.',
    ),
  batchSize: count().default(64).describe('Episodes played side by side.'),
});
