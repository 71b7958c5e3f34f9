import type { SelfConsistency } from '../compute/voted-episodes-job.js';
import type { EvaluationSet, ModelEvaluation } from '../evaluate/evaluate-model.js';
import { type CostRow, evaluationCost } from '../evaluate/evaluation-cost.js';
import type { Recipe } from '../recipe/recipe-schema.js';
import type { Playground } from '../train/play-episodes.js';
import { evaluateStage } from './evaluate-stage.js';
import type { StageModel } from './stage-model.js';
import type { Workshop } from './workshop.js';

export interface EvaluateModelsOptions {
  workshop: Workshop;
  playground: Playground;
  /** By their names in reports. */
  models: Readonly<Record<string, StageModel>>;
  recipe: Pick<Recipe, 'stages' | 'evaluation' | 'seed'>;
  sets: readonly EvaluationSet[];
  /** The passages, where reading is measured. */
  corpus?: readonly { contents: string }[];
}

/** A model with what it did. */
export interface EvaluatedModel {
  name: string;
  /** With wall time where the recipe asks for self-consistency. */
  evaluation: ModelEvaluation & { seconds?: number };
}

/** Every model, and what training made once more with votes where the recipe asks for them. */
function plan({ models, recipe }: EvaluateModelsOptions) {
  const { selfConsistency } = recipe.evaluation;
  const trained = new Set(recipe.stages.map(({ name }) => name));
  return Object.entries(models).flatMap(
    ([name, model]): { name: string; model: StageModel; selfConsistency?: SelfConsistency }[] => [
      { name, model },
      ...(selfConsistency === undefined || !trained.has(name)
        ? []
        : [{ name: `${name}-self-consistent`, model, selfConsistency }]),
    ],
  );
}

/** Evaluates every model of a run; one with votes has the name of the model and `-self-consistent`. */
export async function evaluateModels(options: EvaluateModelsOptions): Promise<EvaluatedModel[]> {
  const { workshop, playground, recipe, sets, corpus } = options;
  const { seed, evaluation } = recipe;
  const results: EvaluatedModel[] = [];
  for (const { name, model, selfConsistency } of plan(options)) {
    workshop.reporter.stage('evaluation', name);
    results.push({
      name,
      evaluation: await evaluateStage({
        workshop,
        name,
        playground,
        policy: model,
        selfConsistency,
        timed: evaluation.selfConsistency !== undefined,
        sets,
        temperature: evaluation.temperature,
        batchSize: evaluation.batchSize,
        seed,
        ...(corpus === undefined ? {} : { corpus }),
      }),
    });
  }
  return results;
}

/** What the evaluations took; of those whose time was kept. */
export const costsOf = (results: readonly EvaluatedModel[]): CostRow[] =>
  results.flatMap(({ name, evaluation: { sets, seconds } }) =>
    seconds === undefined ? [] : [{ name, cost: evaluationCost({ sets }), seconds }],
  );
