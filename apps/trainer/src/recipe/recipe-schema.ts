import { z } from 'zod';
import { dataSchema, environmentSchema, retrieverSchema } from './data-sections.js';
import { distillConflictsOf } from './distill-effects.js';
import { distillSchema } from './distill-section.js';
import { evaluationSchema } from './evaluation-section.js';
import { expandMethod, type MethodConflict, type RawRecipe } from './expand-method.js';
import { hintConflictsOf, hintProblems } from './hint-effects.js';
import { hintsSchema } from './hints-section.js';
import { ineffectiveKeys } from './ineffective-keys.js';
import { loraProblems } from './lora-problems.js';
import { methodNames } from './methods.js';
import { pretrainSchema, studentSchema, teacherSchema } from './model-sections.js';
import { rlSchema } from './rl-section.js';
import { rolloutsSchema } from './rollout-section.js';
import { runFields } from './run-fields.js';
import { teacherConflictsOf } from './teacher-effects.js';
import { teacherProblems } from './teacher-problems.js';
import { prefixProblems, promptProblems, worldConflicts } from './world-effects.js';

const shared = {
  method: z
    .enum(methodNames)
    .default('dgpo')
    .describe('How the agent is trained (`dgpo ls` explains each); `pipeline` lists its own `stages`.'),
  ...runFields({ outputDir: 'outputs/run' }),
  data: dataSchema.describe('Passages and questions. Paths are relative to the recipe.'),
  retriever: retrieverSchema.prefault({}).describe('The search engine behind the `<search>` tag.'),
  environment: environmentSchema.prefault({}).describe('Rules of an episode.'),
  student: studentSchema.prefault({ fresh: {} }).describe('The model to train.'),
  teacher: teacherSchema.prefault({}).describe('Who shows the student how to act.'),
  pretrain: pretrainSchema
    .optional()
    .describe('Language modelling on the corpus before the first stage; leave it out for a model that reads already.'),
};

const rollouts = rolloutsSchema.prefault({}).describe('Who plays the episodes. It does not change the result.');

const hints = hintsSchema
  .optional()
  .describe('Hints from failed episodes, for stages with `demonstrator: hinted`; in household and webshop.');

const evaluation = evaluationSchema.prefault({}).describe('Measurement on the held-out question sets.');

const stageSchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[\w.-]+$/, 'use letters, digits, ".", "_" and "-"')
      .describe('Name of the stage, of its folder and its metrics.'),
    baseline: z
      .boolean()
      .optional()
      .describe(
        'A comparison: the next stage starts where this one did. Where it has no demonstration to learn from it is left out.',
      ),
    distill: distillSchema.optional().describe('A stage of distillation, with the keys of `distill`.'),
    rl: rlSchema.optional().describe('A stage of reinforcement learning, with the keys of `rl`.'),
  })
  .superRefine((stage, context) => {
    if ((stage.distill === undefined) === (stage.rl === undefined)) {
      context.addIssue({ code: 'custom', path: [], message: 'give either distill or rl' });
    }
  });

/** One training of a recipe: `distill` or `rl`. */
export type Stage = z.output<typeof stageSchema>;

/**
 * A recipe of a search agent as one writes it; makes the flags (`recipeFlags`), the reference (`recipeReference`) and the JSON schema
 * (`recipeJsonSchema`). Names follow TRL and verl; figures in brackets are those of the released DGPO training script (arXiv
 * 2508.20324), which are for models of 0.5 B parameters.
 */
export const recipeInputSchema = z.strictObject({
  extends: z
    .string()
    .min(1)
    .optional()
    .describe('Another recipe, relative to this one, whose keys hold where this one says nothing.'),
  ...shared,
  distill: distillSchema.optional().describe('Settings of every stage of distillation of the method.'),
  rl: rlSchema.optional().describe('Settings of every stage of reinforcement learning of the method.'),
  stages: z
    .array(stageSchema)
    .optional()
    .describe('With `method: pipeline`: the trainings in their order, each from the student of the one before.'),
  hints,
  rollouts,
  evaluation,
});

const expandedSchema = z
  .strictObject({ ...shared, stages: z.array(stageSchema).min(1), hints, rollouts, evaluation })
  .superRefine((recipe, context) => {
    const limit = recipe.environment.maxTotalTokens;
    const models = {
      'student.fresh': recipe.student.fresh,
      'teacher.fresh':
        recipe.teacher.kind === 'scripted' && recipe.teacher.lora === undefined ? recipe.teacher.fresh : undefined,
    };
    for (const [name, model] of Object.entries(models)) {
      if (model !== undefined && model.maxPositionEmbeddings < limit) {
        context.addIssue({
          code: 'custom',
          path: [...name.split('.'), 'maxPositionEmbeddings'],
          message: `must be at least environment.maxTotalTokens (${limit}), got ${model.maxPositionEmbeddings}`,
        });
      }
    }
    const evaluated = recipe.stages.some((stage) => (stage.distill ?? stage.rl)?.evalSteps);
    if (recipe.data.validationQuestions !== undefined && !evaluated) {
      context.addIssue({
        code: 'custom',
        path: ['data', 'validationQuestions'],
        message: 'has no effect without evalSteps in distill or rl',
      });
    }
    recipe.stages.forEach(({ rl }, index) => {
      if (rl !== undefined && rl.overlong.bufferLength > limit) {
        context.addIssue({
          code: 'custom',
          path: ['stages', index, 'rl', 'overlong', 'bufferLength'],
          message: `must not exceed environment.maxTotalTokens (${limit}), got ${rl.overlong.bufferLength}`,
        });
      }
    });
    const names = recipe.stages.map((stage) => stage.name);
    const repeated = names.findIndex((name, index) => names.indexOf(name) !== index);
    if (repeated !== -1) {
      context.addIssue({ code: 'custom', path: ['stages', repeated, 'name'], message: 'stands twice' });
    }
    if (recipe.stages.at(-1)?.baseline) {
      const message = 'has no effect on the last stage, which no other one follows';
      context.addIssue({ code: 'custom', path: ['stages', recipe.stages.length - 1, 'baseline'], message });
    }
    for (const { path, message } of [
      ...teacherProblems(recipe),
      ...loraProblems(recipe),
      ...promptProblems(recipe),
      ...prefixProblems(recipe),
      ...hintProblems(recipe),
    ]) {
      context.addIssue({ code: 'custom', path, message });
    }
  });

/** What the sections `rl` of a recipe say without effect; those of a named method stand at the top. */
function ineffectiveRlKeys(raw: RawRecipe, { stages }: RawRecipe): { path: string[]; message: string }[] {
  if (!Array.isArray(stages)) return [];
  const isPipeline = raw.method === 'pipeline';
  return stages.flatMap((stage: RawRecipe | null, index) => {
    const own = isPipeline ? stage?.rl : raw.rl;
    const found = stage?.rl === undefined ? [] : ineffectiveKeys({ own, expanded: stage.rl });
    const place = isPipeline ? ['stages', String(index), 'rl'] : ['rl'];
    return found.map(({ path, message }) => ({ path: [...place, ...path], message }));
  });
}

/** What a recipe says and its method does not allow or does not read, by the keys as they are written. */
export function recipeConflicts(raw: RawRecipe): { recipe: RawRecipe; conflicts: MethodConflict[] } {
  const { recipe, conflicts } = expandMethod(raw);
  const ineffective = [
    ...distillConflictsOf(raw, recipe),
    ...ineffectiveRlKeys(raw, recipe),
    ...teacherConflictsOf(raw),
    ...worldConflicts(raw, recipe),
    ...hintConflictsOf(raw, recipe),
  ];
  return { recipe, conflicts: [...conflicts, ...ineffective] };
}

/** Validates a recipe: its method becomes the list of stages that it stands for. */
export const recipeSchema = z.preprocess((raw, context) => {
  if (typeof raw !== 'object' || raw === null) return raw;
  const { recipe, conflicts } = recipeConflicts(raw as RawRecipe);
  for (const { path, message } of conflicts) context.addIssue({ code: 'custom', path, message });
  return recipe;
}, expandedSchema);

/** A validated recipe with every default filled in. */
export type Recipe = z.output<typeof recipeSchema>;

/** A recipe as a user writes it. */
export type RecipeInput = z.input<typeof recipeInputSchema>;
