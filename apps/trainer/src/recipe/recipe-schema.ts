import { z } from 'zod';
import { dataSchema, environmentSchema, retrieverSchema } from './data-sections.js';
import { pretrainSchema, studentSchema, teacherSchema } from './model-sections.js';
import { rolloutsSchema } from './rollout-section.js';
import { runFields } from './run-fields.js';
import { coldStartSchema, evaluationSchema, rlSchema } from './training-sections.js';

/**
 * Everything that a run can be told, in one place: it validates YAML recipes, makes the flags (`recipeFlags`), the reference
 * (`recipeReference`) and the JSON schema (`recipeJsonSchema`). Names follow TRL and verl; figures in brackets are those of the
 * released DGPO training script (arXiv 2508.20324), which are for models of 0.5 B parameters.
 */
export const recipeSchema = z
  .strictObject({
    method: z
      .literal('dgpo')
      .default('dgpo')
      .describe('`dgpo` trains a search agent; recipes with `sft` have keys of their own.'),
    ...runFields({ outputDir: 'outputs/run' }),
    data: dataSchema.describe('Passages and questions. Paths are relative to the recipe.'),
    retriever: retrieverSchema.prefault({}).describe('The search engine behind the `<search>` tag.'),
    environment: environmentSchema.prefault({}).describe('Rules of an episode.'),
    student: studentSchema.prefault({ fresh: {} }).describe('The model to train.'),
    teacher: teacherSchema.prefault({}).describe('Who shows the student how to act.'),
    pretrain: pretrainSchema
      .optional()
      .describe(
        'Language modelling on the corpus before the first phase; leave it out for a model that reads already.',
      ),
    coldStart: coldStartSchema.prefault({}).describe('Phase 1: distillation from correct teacher episodes.'),
    rl: rlSchema
      .prefault({})
      .describe('Phase 2: reinforcement learning, guided by the teacher where the student fails.'),
    rollouts: rolloutsSchema
      .prefault({})
      .describe('Who plays the episodes. It does not change the result, except `maxStaleness`.'),
    evaluation: evaluationSchema.prefault({}).describe('Measurement on the held-out question sets.'),
  })
  .superRefine((recipe, context) => {
    const limit = recipe.environment.maxTotalTokens;
    const models = { 'student.fresh': recipe.student.fresh, 'teacher.fresh': recipe.teacher.fresh };
    for (const [name, model] of Object.entries(models)) {
      if (model !== undefined && model.maxPositionEmbeddings < limit) {
        context.addIssue({
          code: 'custom',
          path: [...name.split('.'), 'maxPositionEmbeddings'],
          message: `must be at least environment.maxTotalTokens (${limit}), got ${model.maxPositionEmbeddings}`,
        });
      }
    }
    if (
      recipe.rl.guidance.form === 'reward' &&
      recipe.rl.guidance.direction === 'forward' &&
      recipe.rl.guidance.gate !== 'never'
    ) {
      context.addIssue({
        code: 'custom',
        path: ['rl', 'guidance', 'direction'],
        message: 'forward needs form: loss (as a reward on student samples it would push away from the teacher)',
      });
    }
  });

/** A validated recipe with every default filled in. */
export type Recipe = z.output<typeof recipeSchema>;

/** A recipe as a user writes it. */
export type RecipeInput = z.input<typeof recipeSchema>;
