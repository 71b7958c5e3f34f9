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
  batchSize: count().default(64).describe('Episodes played side by side.'),
});
