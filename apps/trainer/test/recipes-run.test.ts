import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { hasRetriever } from '../src/compute/environment-settings.js';
import { hintedTeacher } from '../src/hints/hinted-teacher.js';
import type { HintedModel } from '../src/hints/own-demonstrations.js';
import { chainOfThoughtSettings, environmentOf } from '../src/pipeline/environment-of.js';
import { indexStage } from '../src/pipeline/index-stage.js';
import { type RunData, readRunData, startingModels } from '../src/pipeline/prepare-run.js';
import { trainStage } from '../src/pipeline/train-stage.js';
import { openWorkshop, type Workshop } from '../src/pipeline/workshop.js';
import { hintsSchema } from '../src/recipe/hints-section.js';
import { loadRecipe } from '../src/recipe/load-recipe.js';
import { needsTeacher } from '../src/recipe/needs-teacher.js';
import type { Recipe, Stage } from '../src/recipe/recipe-schema.js';
import { shippedRecipes } from '../src/recipe/shipped-recipes.js';

const bases = ['demo-world', 'arithmetic-world', 'small-household', 'small-webshop'].map((name) => `base/${name}.yaml`);

/**
 * Recipes of the demo worlds, of the household and of the shop, whose models come with the package; the others need data or models of their own, or
 * train for long before the first stage.
 */
const recipes = shippedRecipes().flatMap(({ name, path }) => {
  const text = readFileSync(path, 'utf8');
  const base = bases.find((file) => text.includes(`extends: ${file}`));
  return base === undefined ? [] : [{ name, path, base }];
});

/** What the recipes of one base share. */
interface Bench {
  workshop: Workshop;
  data?: RunData;
}

let root: string;
const benches = new Map<string, Bench>();
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'dgpo-recipes-'));
});
afterAll(async () => {
  for (const { workshop } of benches.values()) await workshop.close();
  rmSync(root, { recursive: true });
});

async function benchOf(base: string): Promise<Bench> {
  const quiet = { log: () => undefined, finish: async () => undefined };
  const bench = benches.get(base) ?? {
    workshop: await openWorkshop({
      directory: join(root, `run-${benches.size}`),
      config: {},
      resume: false,
      engine: 'wasm',
      workers: 2,
      reporter: { stage: () => undefined, line: () => undefined, progress: () => undefined, tracker: () => quiet },
    }),
  };
  benches.set(base, bench);
  return bench;
}

/** The recipe with two updates of few episodes in every stage. */
async function smallRecipe(path: string): Promise<Recipe> {
  const loaded = await loadRecipe({ path });
  const { household: rooms, webshop: shop } = loaded.data;
  const isTextWorld = rooms !== undefined || shop !== undefined;
  const recipe: Recipe = isTextWorld
    ? {
        ...loaded,
        data: {
          ...loaded.data,
          ...(rooms && { household: { ...rooms, trainTasks: 8 } }),
          ...(shop && { webshop: { ...shop, trainTasks: 24 } }),
        },
        environment: { ...loaded.environment, maxTurns: 10 },
      }
    : loaded;
  const stages = recipe.stages.map(({ name, baseline, distill, rl }): Stage => {
    const few = { batchSize: 4, microBatchSize: 4, maxSteps: 2, numTrainEpochs: 1, validationEpisodes: 1 };
    // DistiLLM keeps a demonstration for its validation.
    const numTasks = distill?.objective === 'distillm' ? 9 : rooms ? 6 : shop ? 24 : 8;
    // A model has few successes of its own: all of them at once, twice.
    const twice = isTextWorld ? { batchSize: numTasks, numTrainEpochs: 2 } : {};
    if (distill !== undefined) {
      return { name, baseline, distill: { ...distill, ...few, ...twice, temperature: 0, numTasks } };
    }
    if (rl === undefined) return { name };
    // Hot enough for right and wrong episodes side by side; the bases of text worlds, whose episodes are long, have both as they are.
    const temperature = isTextWorld ? 1 : 1.5;
    const tasksPerStep = Math.max(4, (isTextWorld ? 4 : 12) / rl.numGenerations);
    const miniBatchSize = tasksPerStep * rl.numGenerations;
    return {
      name,
      rl: { ...rl, maxSteps: 2, temperature, microBatchSize: 2, tasksPerStep, miniBatchSize, maxNumGenBatches: 1 },
    };
  });
  const evaluation = { ...recipe.evaluation, tasksPerSet: 2 };
  // A teacher without tools is right too seldom for eight questions.
  const isScripted = recipe.data.world === 'arithmetic';
  const shown = stages.map(({ distill, ...rest }): Stage => {
    const learned = isScripted ? { demonstrator: 'expert' as const } : {};
    return distill === undefined ? rest : { ...rest, distill: { ...distill, ...learned } };
  });
  // The teacher plays the student: methods that learn from rewards alone need some. The bases of text worlds have some.
  const student = { ...recipe.student, path: recipe.teacher.path ?? recipe.student.path ?? '' };
  return { ...recipe, student, stages: shown, evaluation };
}

it.each(recipes.map(({ name, path, base }) => [name, path, base]))(
  'recipes/%s.yaml trains: two updates of every stage',
  async (name, path, base) => {
    const recipe = await smallRecipe(path);
    const bench = await benchOf(base);
    bench.data ??= await readRunData(bench.workshop, recipe);
    const { workshop, data } = bench;
    const environment = environmentOf(recipe);
    const source = hasRetriever(environment)
      ? { retriever: await indexStage({ workshop, corpus: data.corpus, retriever: recipe.retriever }) }
      : {};
    const chainOfThought = chainOfThoughtSettings(recipe, {});
    const { playground, ...start } = await startingModels({ workshop, recipe, data, environment, ...source });
    const { hints = hintsSchema.parse({}) } = recipe;
    const tasks = data.trainTasks;
    let { student, teacher } = start;
    let hinted: HintedModel | undefined;
    for (const stage of recipe.stages) {
      const own = { ...stage, name: `${name}.${stage.name}` };
      if (hinted !== undefined && needsTeacher(stage)) {
        teacher = await hintedTeacher({ workshop, playground, hinted, settings: hints, tasks });
      }
      const trained = await trainStage({
        ...{ workshop, playground, teacher, stage: own, student, chainOfThought, hints },
        ...{ tasks, seed: 1 },
      });
      expect(trained.weights.parameters.every(Number.isFinite)).toBe(true);
      expect(trained.weights.parameters).not.toEqual(student.weights.parameters);
      hinted ??= trained.hinted;
      if (!stage.baseline) student = trained;
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
