import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createChatTemplate, createDecoder, type Decoder, saveModel, selectEngine, setParameters } from '@dgpo/lm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ComputePool, createComputePool } from '../src/compute/pool.js';
import { collectStage } from '../src/pipeline/collect-stage.js';
import { openServerTeacher, type ServerTeacher } from '../src/pipeline/server-teacher.js';
import { type StageModel, stageModel } from '../src/pipeline/stage-model.js';
import { trainStage } from '../src/pipeline/train-stage.js';
import type { Workshop } from '../src/pipeline/workshop.js';
import { distillSchema } from '../src/recipe/distill-section.js';
import { teacherSchema } from '../src/recipe/model-sections.js';
import type { Stage } from '../src/recipe/recipe-schema.js';
import { rlSchema } from '../src/recipe/rl-section.js';
import { createLocalExecutor } from '../src/rollout/rollout-executor.js';
import { openRunDirectory, type RunDirectory } from '../src/run/run-directory.js';
import { createModelServer, type ModelServer } from '../src/serve/create-model-server.js';
import { type RunningModelServer, serveModel } from '../src/serve/serve-model.js';
import { openTinyWorld, type TinyWorld, tasks, tinyParameters } from './tiny-world.js';

let world: TinyWorld;
let root: string;
let pool: ComputePool;
let decoder: Decoder;
let server: ModelServer;
let running: RunningModelServer;
let run: RunDirectory;
let workshop: Workshop;
let remote: ServerTeacher;
let [student, local]: StageModel[] = [];
const logged: Record<string, number>[] = [];

beforeAll(async () => {
  const engine = await selectEngine({ engine: 'wasm' });
  world = await openTinyWorld();
  const { tokenizer } = world;
  // The text of the probe is longer than an episode.
  const config = { ...world.config, maxPositionEmbeddings: 512 };
  root = mkdtempSync(join(tmpdir(), 'dgpo-server-'));
  const save = async (name: string, seed: number) => {
    const directory = join(root, name);
    await saveModel({ directory, config, parameters: tinyParameters(world, seed), tokenizer });
    return stageModel(directory);
  };
  [student, local] = [await save('student', 4), await save('teacher', 2)];
  decoder = createDecoder({ config });
  setParameters(decoder, tinyParameters(world, 2));
  const chatTemplate = createChatTemplate({ source: '{{ messages[0].content }}' });
  const model = { name: 'tiny', tokenizer, decoder, chatTemplate };
  server = createModelServer({ model, logger: () => undefined });
  running = await serveModel({ server, port: 0 });
  pool = await createComputePool({ engine: 'wasm', workers: 0 });
  run = openRunDirectory({ directory: join(root, 'run'), config: {}, resume: false });
  const quiet = () => undefined;
  const silent = { log: quiet, finish: async () => undefined };
  workshop = {
    run,
    engine,
    pool,
    executor: createLocalExecutor(pool),
    signal: undefined,
    traceTokens: 0,
    reporter: { stage: quiet, line: quiet, progress: quiet, tracker: () => silent },
    tracker: () => ({ ...silent, log: (metrics) => logged.push(metrics) }),
    close: async () => undefined,
  };
  remote = await openServerTeacher({
    workshop,
    recipe: { teacher: teacherSchema.parse({ kind: 'server', url: running.url, name: 'tiny' }) },
    tokenizer,
    playground: world.playground(pool),
  });
});
afterAll(async () => {
  await running.close();
  await pool.close();
  server.dispose();
  decoder.dispose();
  run.close();
  world.close();
  rmSync(root, { recursive: true });
});

/** Two updates with either teacher; gives back what was logged and the weights. */
async function train(stage: Stage, teacher: StageModel | ServerTeacher) {
  logged.length = 0;
  const trained = await trainStage({
    ...{ workshop, stage, teacher, student: student as StageModel, tasks: tasks.slice(0, 3), seed: 1 },
    playground: world.playground(pool),
  });
  return { metrics: [...logged], parameters: trained.weights.parameters };
}

const rl = (guidance: object) =>
  rlSchema.parse({
    ...{ maxSteps: 2, tasksPerStep: 4, miniBatchSize: 4, microBatchSize: 2, learningRate: 0.01 },
    guidance: { gate: 'always', beta: 0.5, ...guidance },
  });
const opd = { objective: 'opd', maxSteps: 2, batchSize: 4, microBatchSize: 2, learningRate: 0.01, warmupSteps: 0 };

it.each([
  ['k1 in the reward', { rl: rl({ estimator: 'k1' }) }],
  ['k3 as a loss', { rl: rl({ estimator: 'k3', form: 'loss', biased: true }) }],
  ['opd', { distill: distillSchema.parse(opd) }],
])('%s: a teacher behind dgpo serve trains what the same model here trains', async (_, section) => {
  const key = Object.values(section).map((settings) => JSON.stringify(settings).length);
  const here = await train({ name: `here-${key}`, ...section }, local as StageModel);
  const there = await train({ name: `there-${key}`, ...section }, remote);
  expect(there.metrics.length).toBe(2);
  // Float32 in two orders of summation.
  expect(Math.abs((there.metrics[0]?.kl ?? 9) - (here.metrics[0]?.kl ?? 0))).toBeLessThan(1e-3);
  there.parameters.forEach((value, place) => {
    expect(Math.abs(value - (here.parameters[place] ?? Number.NaN))).toBeLessThan(1e-2);
  });
});

it('pulls by its most likely tokens, the less the fewer they are', async () => {
  const pull = async (topK: number) => {
    const settings = teacherSchema.parse({ kind: 'server', url: running.url, name: 'tiny', topK });
    const playground = world.playground(pool);
    const recipe = { teacher: settings };
    const teacher = await openServerTeacher({ workshop, recipe, tokenizer: world.tokenizer, playground });
    const { metrics } = await train({ name: `top-${topK}`, rl: rl({ estimator: 'topK', form: 'loss' }) }, teacher);
    expect(metrics).toHaveLength(2);
    return metrics[0]?.['loss/guidance'] ?? Number.NaN;
  };
  const whole = await train({ name: 'full', rl: rl({ estimator: 'full', form: 'loss' }) }, local as StageModel);
  const [two, twenty] = [await pull(2), await pull(20)];
  expect(two).toBeGreaterThan(0);
  expect(twenty).toBeGreaterThan(two);
  expect(whole.metrics[0]?.['loss/guidance']).toBeGreaterThan(twenty);
});

it('its episodes are collected as demonstrations', async () => {
  const playground = world.playground(pool);
  const settings = distillSchema.parse({ objective: 'sft', temperature: 0, samplesPerTask: 1 });
  const collect = async (name: string, teacher: StageModel | ServerTeacher) =>
    (await collectStage({ ...{ workshop, name, playground, teacher, settings }, tasks: tasks.slice(0, 3), seed: 1 }))
      .statistics;
  const there = await collect('outputs-there', remote);
  expect(there.samples).toBe(3);
  expect(there).toEqual(await collect('outputs-here', local as StageModel));
});
