import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { environmentOf } from '../src/pipeline/environment-of.js';
import { indexStage } from '../src/pipeline/index-stage.js';
import { type RunData, readRunData, startingModels } from '../src/pipeline/prepare-run.js';
import { trainStage } from '../src/pipeline/train-stage.js';
import { openWorkshop, type Workshop } from '../src/pipeline/workshop.js';
import { loadRecipe } from '../src/recipe/load-recipe.js';
import type { Recipe, Stage } from '../src/recipe/recipe-schema.js';
import { shippedRecipes } from '../src/recipe/shipped-recipes.js';

/** Recipes of the demo world; the others need data or models of their own, or train for long before the first stage. */
const recipes = shippedRecipes().filter(({ path }) =>
  readFileSync(path, 'utf8').includes('extends: base/demo-world.yaml'),
);

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

/** The recipe with two updates of few episodes in every stage. */
async function smallRecipe(path: string): Promise<Recipe> {
  const recipe = await loadRecipe({ path });
  const stages = recipe.stages.map(({ name, distill, rl }): Stage => {
    const few = { batchSize: 4, microBatchSize: 4, maxSteps: 2, numTrainEpochs: 1, validationEpisodes: 1 };
    // DistiLLM keeps a demonstration for its validation.
    const numTasks = distill?.objective === 'distillm' ? 9 : 8;
    if (distill !== undefined) return { name, distill: { ...distill, ...few, temperature: 0, numTasks } };
    if (rl === undefined) return { name };
    // Hot enough for right and wrong episodes side by side.
    const temperature = 1.5;
    const tasksPerStep = Math.max(4, 12 / rl.numGenerations);
    const miniBatchSize = tasksPerStep * rl.numGenerations;
    return {
      name,
      rl: { ...rl, maxSteps: 2, temperature, microBatchSize: 2, tasksPerStep, miniBatchSize, maxNumGenBatches: 1 },
    };
  });
  // The teacher plays the student: methods that learn from rewards alone need some.
  const student = { ...recipe.student, path: recipe.teacher.path ?? '' };
  return { ...recipe, student, stages, evaluation: { ...recipe.evaluation, tasksPerSet: 2 } };
}

it.each(recipes.map(({ name, path }) => [name, path]))(
  'recipes/%s.yaml trains: two updates of every stage',
  async (name, path) => {
    const recipe = await smallRecipe(path);
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
    expect(lines.some((line) => Number.isFinite(line.grad_norm))).toBe(true);
    for (const { stage: _, ...figures } of lines) expect(Object.values(figures).every(Number.isFinite)).toBe(true);
  },
  60_000,
);
