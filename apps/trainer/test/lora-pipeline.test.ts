import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readAdapter, saveModel, selectEngine } from '@dgpo/lm';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadAgent } from '../src/ask/load-agent.js';
import { createComputePool } from '../src/compute/pool.js';
import { scriptedTeacherStage } from '../src/pipeline/fresh-models.js';
import { runPipeline } from '../src/pipeline/run-pipeline.js';
import { type StageModel, sharedStageModel } from '../src/pipeline/stage-model.js';
import { trainStage } from '../src/pipeline/train-stage.js';
import type { Workshop } from '../src/pipeline/workshop.js';
import { type RecipeInput, recipeSchema } from '../src/recipe/recipe-schema.js';
import { createLocalExecutor } from '../src/rollout/rollout-executor.js';
import { openRunDirectory } from '../src/run/run-directory.js';
import { tinyRecipe } from './tiny-recipe.js';
import { openTinyWorld, type TinyWorld, tasks, tinyParameters } from './tiny-world.js';

const lora = { rank: 2, alpha: 4 };
const few = { batchSize: 2, microBatchSize: 1, learningRate: 0.01, warmupSteps: 1 };

let world: TinyWorld;
let root: string;
let base: string;
beforeAll(async () => {
  world = await openTinyWorld();
  root = mkdtempSync(join(tmpdir(), 'dgpo-lora-'));
  base = join(root, 'base');
  const config = { ...world.config, maxPositionEmbeddings: 320 };
  const { tokenizer } = world;
  await saveModel({ directory: base, config, parameters: tinyParameters(world, 4), tokenizer });
});
afterAll(() => {
  world.close();
  rmSync(root, { recursive: true });
});

/** Teacher, cold start and two updates, all of them adapters on one base. */
function recipeOf(outputDir: string, passes: { gradientCheckpointing: boolean; rolloutBatchSize: number }) {
  const {
    pretrain: _,
    distill: __,
    rl: ___,
    ...recipe
  } = tinyRecipe({ data: join(root, 'data'), outputDir, stages: [] });
  const { gradientCheckpointing } = passes;
  const input: RecipeInput = {
    ...recipe,
    student: { path: base, lora },
    teacher: { lora: { ...lora, merge: false }, training: { ...few, numTrainEpochs: 2, gradientCheckpointing } },
    data: { ...recipe.data, validationQuestions: undefined },
    stages: [
      { name: 'cold-start', distill: { ...few, ...passes, demonstrator: 'expert', numTrainEpochs: 2, saveSteps: 1 } },
      {
        name: 'rl',
        rl: {
          ...passes,
          maxSteps: 3,
          tasksPerStep: 4,
          miniBatchSize: 2,
          microBatchSize: 1,
          learningRate: 0.01,
          criticLearningRate: 0.01,
          saveSteps: 2,
          guidance: { beta: 0.5, estimator: 'full', form: 'loss' },
        },
      },
    ],
  };
  return recipeSchema.parse(JSON.parse(JSON.stringify(input)));
}

/** Runs a recipe; it is killed once the update of a stage is logged, and then continued. */
async function run(
  folder: string,
  options: { workers: number; passes?: object; killAt?: { stage: string; step: number } },
) {
  const { workers, passes = {}, killAt } = options;
  const outputDir = join(root, folder);
  const recipe = recipeOf(outputDir, { gradientCheckpointing: false, rolloutBatchSize: 64, ...passes });
  const quiet = () => undefined;
  const pipeline = (resume: boolean, kills: boolean) =>
    runPipeline({
      recipe: { ...recipe, workers },
      resume,
      reporter: {
        stage: quiet,
        line: quiet,
        progress: quiet,
        tracker: ({ stage }) => ({
          log: (_, step) => {
            if (kills && stage === killAt?.stage && step === killAt.step) throw new Error('killed');
          },
          finish: async () => undefined,
        }),
      },
    });
  if (killAt !== undefined) await expect(pipeline(false, true)).rejects.toThrow('killed');
  await pipeline(killAt !== undefined, false);
  return outputDir;
}

const read = (...path: string[]) => readFileSync(join(...path), 'latin1');
const results = (directory: string) => ({
  metrics: read(directory, 'metrics.jsonl'),
  adapters: ['teacher', 'cold-start', 'rl'].map((stage) =>
    read(directory, 'stages', stage, 'adapter/adapter_model.safetensors'),
  ),
  merged: read(directory, 'stages/rl/model/model.safetensors'),
  evaluation: readdirSync(join(directory, 'stages'))
    .filter((name) => name.startsWith('evaluation-'))
    .map((name) => read(directory, 'stages', name, 'evaluation.json')),
});

describe('a run whose models are adapters on one base', () => {
  it('gives the same bytes with one and two workers, in other batches, and when it is killed and continued', async () => {
    const straight = await run('straight', { workers: 1 });
    const expected = results(straight);
    expect(expected.evaluation.length).toBe(4);
    const passes = { gradientCheckpointing: true, rolloutBatchSize: 1 };
    expect(results(await run('two', { workers: 2, passes }))).toEqual(expected);
    expect(results(await run('killed', { workers: 1, killAt: { stage: 'rl', step: 3 } }))).toEqual(expected);
    expect(results(await run('early', { workers: 1, killAt: { stage: 'cold-start', step: 2 } }))).toEqual(expected);

    // Every stage goes on from the values of the one before, and none is the base.
    const { config } = await sharedStageModel({ directory: base, name: 'base' }).then(({ weights }) => weights);
    const values = await Promise.all(
      ['teacher', 'cold-start', 'rl'].map((stage) =>
        readAdapter({ directory: join(straight, 'stages', stage, 'adapter'), config }),
      ),
    );
    expect(values.map(({ baseModel }) => baseModel)).toEqual([base, base, base]);
    const distance = (one: number, other: number) =>
      Math.max(
        ...(values[one]?.parameters ?? []).map((value, place) =>
          Math.abs(value - (values[other]?.parameters[place] ?? 0)),
        ),
      );
    expect(distance(1, 2)).toBeGreaterThan(0);
    expect(distance(1, 2)).toBeLessThan(0.2);
    expect(values.every(({ parameters }) => parameters.every(Number.isFinite))).toBe(true);

    for (const folder of ['adapter', 'model']) {
      const index = join(straight, 'stages/index/index');
      const checkpoint = join(straight, 'stages/rl', folder);
      const agent = await loadAgent({ checkpoint, index, engine: 'wasm' });
      expect(agent.settings.maxContextTokens).toBe(320);
      agent.dispose();
    }
  }, 300_000);

  it('holds one copy of the base, and no more from stage to stage', async () => {
    await selectEngine({ engine: 'wasm' });
    const before = tf.memory().numBytes;
    const pool = await createComputePool({ engine: 'wasm', workers: 0 });
    const opened = openRunDirectory({ directory: join(root, 'heap'), config: {}, resume: false });
    const quiet = () => undefined;
    const workshop: Workshop = {
      run: opened,
      engine: await selectEngine({ engine: 'wasm' }),
      pool,
      executor: createLocalExecutor(pool),
      signal: undefined,
      traceTokens: 0,
      reporter: {
        stage: quiet,
        line: quiet,
        progress: quiet,
        tracker: () => ({ log: quiet, finish: async () => undefined }),
      },
      tracker: () => ({ log: quiet, finish: async () => undefined }),
      close: async () => undefined,
    };
    const recipe = recipeOf(join(root, 'unused'), { gradientCheckpointing: false, rolloutBatchSize: 64 });
    const [coldStart, rl] = recipe.stages;
    if (coldStart === undefined || rl === undefined) throw new TypeError('the recipe has two stages');
    const tiny = world.playground(pool);
    const environment = { ...tiny.environment, maxTokensPerTurn: 80, maxContextTokens: 320 };
    const playground = { ...tiny, environment };
    const shared = { workshop, playground, tasks: tasks.slice(0, 3), seed: 1 };
    const start = await sharedStageModel({ directory: base, name: 'base' });
    const settings = recipe.teacher.training;
    const teacher = await scriptedTeacherStage({ ...shared, model: start, lora: recipe.teacher.lora, settings });
    const weights = tf.memory().numBytes - before;
    let student: StageModel = start;
    const sizes: number[] = [];
    const ahead = { ...rl, rl: { ...(rl.rl as NonNullable<typeof rl.rl>), maxStaleness: 1 } };
    for (const [index, stage] of [coldStart, ahead, rl, coldStart, ahead].entries()) {
      const named = { ...stage, name: `stage-${index}` };
      student = await trainStage({ ...shared, stage: named, student, lora: recipe.student.lora, teacher });
      sizes.push(tf.memory().numBytes - before);
    }
    expect(sizes[2]).toBe(sizes[1]);
    expect(sizes.at(-1)).toBe(sizes[1]);
    // Student and critic are small beside the base.
    expect(sizes[1]).toBeLessThan(1.5 * weights);
    await pool.close();
    opened.close();
  }, 120_000);
});

it('refuses adapters that have nothing to adapt', () => {
  const recipe = tinyRecipe({ data: join(root, 'data'), outputDir: join(root, 'refused') });
  const problemOf = (changes: object) => {
    const result = recipeSchema.safeParse({ ...recipe, ...changes });
    return result.success ? [] : result.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`);
  };
  expect(problemOf({ teacher: { ...recipe.teacher, lora } }).join()).toMatch(/teacher.lora needs student.lora/);
  expect(problemOf({ student: { ...recipe.student, lora } })).toEqual([]);
  expect(problemOf({ student: { ...recipe.student, lora }, pretrain: undefined }).join()).toMatch(
    /student.lora adapts weights that have learned something/,
  );
});
