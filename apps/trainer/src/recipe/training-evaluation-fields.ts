import { z } from 'zod';
import { count } from './data-sections.js';

/** Keys of a training that is evaluated while it runs; names as in Hugging Face. */
export const trainingEvaluationFields = {
  evalSteps: count(0)
    .default(0)
    .describe(
      'Updates between evaluations on the validation questions, played greedily, and once after the last update; 0 evaluates only when all stages are done.',
    ),
  metricForBestModel: z
    .enum(['eval/exact_match', 'eval/f1', 'eval/reward'])
    .default('eval/exact_match')
    .describe('What the best checkpoint is chosen by; it is kept beside the newest ones.'),
  loadBestModelAtEnd: z
    .boolean()
    .default(false)
    .describe('End with the model of the best checkpoint instead of the last one.'),
};

/** Refuses a choice of the best model that nothing measures. */
export function checkTrainingEvaluation(
  settings: { evalSteps: number; loadBestModelAtEnd: boolean },
  context: z.core.$RefinementCtx,
): void {
  if (!settings.loadBestModelAtEnd || settings.evalSteps > 0) return;
  context.addIssue({
    code: 'custom',
    path: ['loadBestModelAtEnd'],
    message: 'has no effect with evalSteps: 0; set evalSteps, so that there is a best model',
  });
}
