import type { SelfConsistency } from '../compute/voted-episodes-job.js';
import type { EvaluationSet, ModelEvaluation } from '../evaluate/evaluate-model.js';
import { type CostRow, evaluationCost } from '../evaluate/evaluation-cost.js';
import { withRetrievalTokens } from '../hints/hint-report.js';
import { hintedSets } from '../hints/hinted-sets.js';
import type { HintedModel } from '../hints/own-demonstrations.js';
import { hintsSchema } from '../recipe/hints-section.js';
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
  recipe: Pick<Recipe, 'stages' | 'evaluation' | 'seed' | 'hints'>;
  /** Models with hints from their failures, by the same names: these are evaluated once more with hints. @default none */
  hinted?: ReadonlyMap<string, HintedModel>;
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

interface Planned {
  name: string;
  model: StageModel;
  selfConsistency?: SelfConsistency;
}

/** Every model, and what training made once more with votes where the recipe asks for them. */
function plan({ models, recipe }: EvaluateModelsOptions) {
  const { selfConsistency } = recipe.evaluation;
  const trained = new Set(recipe.stages.map(({ name }) => name));
  return Object.entries(models).flatMap(([name, model]): Planned[] => [
    { name, model },
    ...(selfConsistency === undefined || !trained.has(name)
      ? []
      : [{ name: `${name}-self-consistent`, model, selfConsistency }]),
  ]);
}

/**
 * Evaluates every model of a run; one with votes has the name of the model and `-self-consistent`, one with hints at run time
 * `-with-hints`.
 */
export async function evaluateModels(options: EvaluateModelsOptions): Promise<EvaluatedModel[]> {
  const { workshop, playground, recipe, hinted, corpus } = options;
  const { seed, evaluation, hints: settings = hintsSchema.parse({}) } = recipe;
  const evaluate = ({ name, model, selfConsistency }: Planned, sets: readonly EvaluationSet[]) => {
    workshop.reporter.stage('evaluation', name);
    return evaluateStage({
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
    });
  };
  const results: EvaluatedModel[] = [];
  for (const planned of plan(options)) {
    const { name, model } = planned;
    results.push({ name, evaluation: await evaluate(planned, options.sets) });
    const own = hinted?.get(name);
    if (own === undefined) continue;
    const { sets, tokens } = await hintedSets({ workshop, playground, hinted: own, settings, sets: options.sets });
    const withHints = { name: `${name}-with-hints`, model };
    results.push({ name: withHints.name, evaluation: withRetrievalTokens(await evaluate(withHints, sets), tokens) });
  }
  return results;
}

/** What the evaluations took; of those whose time was kept. */
export const costsOf = (results: readonly EvaluatedModel[]): CostRow[] =>
  results.flatMap(({ name, evaluation: { sets, seconds } }) =>
    seconds === undefined ? [] : [{ name, cost: evaluationCost({ sets }), seconds }],
  );
