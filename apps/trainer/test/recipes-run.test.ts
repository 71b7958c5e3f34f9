import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { shippedModel } from '../src/demo/assets.js';
import { indexStage } from '../src/pipeline/index-stage.js';
import { environmentOf, type RunData, readRunData, startingModels } from '../src/pipeline/prepare-run.js';
import { trainStage } from '../src/pipeline/train-stage.js';
import { openWorkshop, type Workshop } from '../src/pipeline/workshop.js';
import { mergeTrees } from '../src/recipe/expand-method.js';
import { mergeChain, readRecipeChain } from '../src/recipe/recipe-chain.js';
import { recipeSchema } from '../src/recipe/recipe-schema.js';
import { shippedRecipes } from '../src/recipe/shipped-recipes.js';

/** Recipes of the demo world; the others need data or models of their own, or train for long before the first stage. */
const recipes = shippedRecipes().filter(({ path }) =>
  readFileSync(path, 'utf8').includes('extends: base/demo-world.yaml'),
);

/** Two updates of every stage, with few episodes. */
const small = {
  distill: { numTasks: 8, numTrainEpochs: 1, batchSize: 4, microBatchSize: 4 },
  rl: { maxSteps: 2, microBatchSize: 2 },
  evaluation: { tasksPerSet: 2 },
  student: { path: shippedModel('demo/student') },
  teacher: { path: shippedModel('demo/teacher') },
};

let root: string;
let workshop: Workshop;
let data: RunData;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'dgpo-recipes-'));
  const quiet = { log: () => undefined, finish: async () => undefined };
  workshop = await openWorkshop({
    directory: join(root, 'run'),
    config: {},
    resume: false,
    engine: 'wasm',
    workers: 2,
    reporter: { stage: () => undefined, line: () => undefined, progress: () => undefined, tracker: () => quiet },
  });
});
afterAll(async () => {
  await workshop.close();
  rmSync(root, { recursive: true });
});

function smallRecipe(path: string) {
  const own = mergeChain(readRecipeChain({ path, text: readFileSync(path, 'utf8') }));
  const parsed = recipeSchema.parse(mergeTrees(own, { student: small.student, teacher: small.teacher }));
  const stages = parsed.stages.map(({ name, distill, rl }) => ({
    name,
    ...(distill === undefined ? {} : { distill: { ...distill, ...small.distill } }),
    // As many episodes as two groups of the recipe's own size.
    ...(rl === undefined
      ? {}
      : {
          rl: { ...rl, ...small.rl, tasksPerStep: 2, miniBatchSize: 2 * rl.numGenerations },
        }),
  }));
  return recipeSchema.parse({ ...parsed, method: 'pipeline', stages, evaluation: small.evaluation });
}

it.each(recipes.map(({ name, path }) => [name, path]))(
  'recipes/%s.yaml trains: two updates of every stage',
  async (name, path) => {
    const recipe = smallRecipe(path);
    data ??= await readRunData(workshop, recipe);
    const retriever = await indexStage({ workshop, corpus: data.corpus, retriever: recipe.retriever });
    const environment = environmentOf(recipe);
    const start = await startingModels({ workshop, recipe, data, retriever, environment });
    let student = start.student;
    for (const stage of recipe.stages) {
      const own = { ...stage, name: `${name}.${stage.name}` };
      const trained = await trainStage({ ...start, workshop, stage: own, student, tasks: data.trainTasks, seed: 1 });
      expect(trained.weights.parameters.every(Number.isFinite)).toBe(true);
      expect(trained.weights.parameters).not.toEqual(student.weights.parameters);
      student = trained;
    }
    const lines = readFileSync(workshop.run.metricsPath, 'utf8')
      .split('\n')
      .filter((line) => line.includes(`"stage":"${name}.`))
      .map((line) => JSON.parse(line) as Record<string, number>);
    expect(lines).toHaveLength(2 * recipe.stages.length);
    for (const line of lines) expect(Number.isFinite(line.grad_norm)).toBe(true);
  },
  60_000,
);
