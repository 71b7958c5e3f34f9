import { ConfigError, type Task } from '@dgpo/trajectory';
import { readQuestions } from './read-questions.js';
import type { Recipe, Stage } from './recipe-schema.js';

/** Whether a stage is evaluated while it trains. */
const evaluatesWhileTraining = ({ distill, rl }: Pick<Stage, 'distill' | 'rl'>) =>
  (distill?.evalSteps ?? 0) > 0 || (rl?.evalSteps ?? 0) > 0;

/**
 * The questions to train on, and those that trainings are evaluated on: the first of `data.validationQuestions`, or else the last of
 * the training questions, which then nobody trains on. The held-out sets of the final evaluation are never looked at before it.
 *
 * @throws {ConfigError} when no question would be left to train on; {DatasetError} for a file that cannot be read
 */
export async function splitValidation(options: {
  recipe: Pick<Recipe, 'data' | 'evaluation' | 'stages'>;
  trainTasks: Task[];
}): Promise<{ trainTasks: Task[]; validationTasks: Task[] }> {
  const { recipe, trainTasks } = options;
  if (!recipe.stages.some(evaluatesWhileTraining)) return { trainTasks, validationTasks: [] };
  const { validationTasks: limit } = recipe.evaluation;
  const { validationQuestions } = recipe.data;
  if (validationQuestions !== undefined) {
    return { trainTasks, validationTasks: await readQuestions({ path: validationQuestions, limit }) };
  }
  if (limit >= trainTasks.length) {
    throw new ConfigError(
      `takes ${limit} of the ${trainTasks.length} training questions, which leaves none to train on; lower it, or give data.validationQuestions`,
      { where: 'evaluation.validationTasks' },
    );
  }
  return { trainTasks: trainTasks.slice(0, -limit), validationTasks: trainTasks.slice(-limit) };
}
