import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BytePairTokenizer, saveModel } from '@dgpo/lm';
import { ConfigError } from '@dgpo/trajectory';
import { createAtlas } from '../atlas/index.js';
import { shippedModel } from '../demo/assets.js';
import { buildStudent } from '../demo/build-student.js';
import type { EvaluationSet } from '../evaluate/evaluate-model.js';
import { environmentOf } from '../pipeline/environment-of.js';
import { evaluateStage } from '../pipeline/evaluate-stage.js';
import { indexStage } from '../pipeline/index-stage.js';
import { readRunData, startingModels } from '../pipeline/prepare-run.js';
import type { Reporter } from '../pipeline/reporter.js';
import { type StageModel, stageModel } from '../pipeline/stage-model.js';
import { openWorkshop } from '../pipeline/workshop.js';
import { usesDemonstrations } from '../recipe/distill-section.js';
import { mergeTrees, type RawRecipe } from '../recipe/expand-method.js';
import { mergeChain, readRecipeChain } from '../recipe/recipe-chain.js';
import { type Recipe, recipeSchema, type Stage } from '../recipe/recipe-schema.js';
import { hasResult } from './has-result.js';
import { type MethodRow, methodRows, policyUpdates, type StudentName, studentSizes } from './method-rows.js';
import { type MethodRun, setResult } from './method-run.js';
import { type Bench, rowRecipe, runMethodRow, validateMethodRow } from './run-method-row.js';

export interface RunMethodsOptions {
  /** The recipe whose world, models and settings all rows share. */
  baseRecipe: string;
  /** Work folder. */
  outputDir: string;
  /** Gets `runs/<row>-<seed>.json`, and `settings.json` and `tuning.json` from tuning. */
  resultsDir: string;
  seed: number;
  /** Names of rows. @default all */
  rows?: readonly string[];
  /** Tries the grids on this seed and freezes the settings, instead of running the rows. */
  tune: boolean;
  /** Held-out questions of each set. */
  questions: number;
  commit: string;
  workers: number;
  reporter: Reporter;
  signal?: AbortSignal;
}

/** Questions at the end of the training list that no method trains on: tuning decides on them. */
const validationQuestions = 400;

/** Updates of a base student, as of the shipped one. */
const studentSteps = 3000;

/** A stage for tuning: trainings that go on for a number of updates are shorter. */
function shortened({ name, distill, rl }: Stage, tuningUpdates: number): Stage {
  if (rl !== undefined) return { name, rl: { ...rl, maxSteps: tuningUpdates } };
  if (distill === undefined || usesDemonstrations(distill)) return { name, ...(distill ? { distill } : {}) };
  return { name, distill: { ...distill, maxSteps: tuningUpdates } };
}

/** Exact match of one configuration on the validation questions. */
interface TunedConfiguration {
  keys: unknown;
  exactMatch: number;
  collapsed: string | null;
}

function readJson<T>(path: string, otherwise: T): T {
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as T) : otherwise;
}

function writeJson(path: string, value: unknown): void {
  writeFileSync(`${path}.tmp`, `${JSON.stringify(value, null, 1)}\n`);
  renameSync(`${path}.tmp`, path);
}

function rowsNamed(names: readonly string[] | undefined): readonly MethodRow[] {
  const unknown = names?.find((name) => !methodRows.some((row) => row.name === name));
  if (unknown !== undefined) {
    const known = methodRows.map(({ name }) => name).join(', ');
    throw new ConfigError(`there is no row "${unknown}"; there are ${known}`, { where: '--rows' });
  }
  return methodRows.filter(({ name }) => names?.includes(name) ?? true);
}

/** The base recipe as plain keys, with the shipped models by their folders. */
function readBase(options: RunMethodsOptions): RawRecipe {
  const path = options.baseRecipe;
  const base = mergeChain(readRecipeChain({ path, text: readFileSync(path, 'utf8') }));
  return mergeTrees(base, {
    student: { path: shippedModel('demo/student') },
    teacher: { path: shippedModel('demo/teacher') },
    rl: { maxSteps: policyUpdates },
    evaluation: { tasksPerSet: options.questions },
  });
}

async function openBench(options: RunMethodsOptions, base: RawRecipe, workshop: Bench['workshop']) {
  const recipe: Recipe = recipeSchema.parse(mergeTrees(base, { method: 'dgpo', seed: options.seed }));
  const data = await readRunData(workshop, recipe);
  const environment = environmentOf(recipe);
  const retriever = await indexStage({ workshop, corpus: data.corpus, retriever: recipe.retriever });
  const { student, teacher, playground } = await startingModels({ workshop, recipe, data, retriever, environment });
  const bench: Bench = {
    workshop,
    playground,
    student,
    teacher: teacher as StageModel,
    tasks: data.trainTasks.slice(0, -validationQuestions),
    corpus: data.documents,
  };
  const validation: EvaluationSet = { name: 'validation', tasks: data.trainTasks.slice(-validationQuestions) };
  return { bench, sets: data.sets, validation };
}

async function tune(options: RunMethodsOptions, base: RawRecipe, opened: Awaited<ReturnType<typeof openBench>>) {
  const { resultsDir, seed, reporter } = options;
  const tuningPath = join(resultsDir, 'tuning.json');
  const settingsPath = join(resultsDir, 'settings.json');
  for (const row of rowsNamed(options.rows)) {
    const tuning = readJson<Record<string, TunedConfiguration[]>>(tuningPath, {});
    const tried = tuning[row.name] ?? [];
    for (const [index, keys] of (row.grid ?? []).entries()) {
      if (tried[index] !== undefined) continue;
      const own = { ...row, name: `${row.name}-${index}` };
      const whole = rowRecipe({ base, row, keys, seed });
      const recipe = {
        ...whole,
        stages: [
          ...whole.stages.slice(0, -1),
          ...whole.stages.slice(-1).map((stage) => shortened(stage, row.tuningUpdates ?? 20)),
        ],
      };
      const result = await validateMethodRow({ ...opened, row: own, recipe });
      tried[index] = { keys, ...result };
      reporter.line(`${own.name}: ${(100 * result.exactMatch).toFixed(1)} % of the validation questions right`);
      writeJson(tuningPath, { ...tuning, [row.name]: tried });
    }
    if (row.grid === undefined) continue;
    const best = tried.reduce((a, b) => (b.exactMatch > a.exactMatch ? b : a));
    writeJson(settingsPath, { ...readJson<RawRecipe>(settingsPath, {}), [row.name]: best.keys });
  }
}

/** The same bench with another base student, which is trained once for all seeds. */
async function withStudent(bench: Bench, name: StudentName, options: RunMethodsOptions): Promise<Bench> {
  const { workshop } = bench;
  const directory = join(options.outputDir, 'students', name);
  if (!existsSync(join(directory, 'model.safetensors'))) {
    const tokenizer = bench.student.weights.tokenizer as BytePairTokenizer;
    workshop.reporter.stage(`student ${name}`, JSON.stringify(studentSizes[name]));
    const atlas = createAtlas({ seed: 0 });
    const size = studentSizes[name];
    const built = await buildStudent({
      workshop,
      atlas,
      tokenizer,
      seed: 0,
      maxSteps: studentSteps,
      size,
      name: `student-${name}`,
    });
    await saveModel({ ...built, directory });
  }
  return { ...bench, student: await stageModel(directory) };
}

/** The models that every row starts from, measured once. */
async function measureStart(options: RunMethodsOptions, { bench, sets }: Awaited<ReturnType<typeof openBench>>) {
  const starts: Record<string, StageModel> = { base: bench.student, teacher: bench.teacher };
  for (const { student } of rowsNamed(options.rows)) {
    if (student !== undefined) starts[`base-${student}`] = (await withStudent(bench, student, options)).student;
  }
  for (const [name, policy] of Object.entries(starts)) {
    const path = join(options.resultsDir, 'runs', `${name}.json`);
    if (existsSync(path)) continue;
    const { workshop, playground, corpus } = bench;
    const shared = { workshop, playground, sets, temperature: 0, batchSize: 64, seed: 0, corpus };
    const evaluation = await evaluateStage({ ...shared, name, policy });
    writeJson(path, { row: name, sets: evaluation.sets.map(setResult) });
  }
}

/**
 * Runs every row on one seed, or tunes them; what has a result is not run again.
 * @throws ConfigError for unknown rows, and for a result of other settings
 */
export async function runMethods(options: RunMethodsOptions): Promise<{ interrupted: boolean }> {
  const { outputDir, resultsDir, seed, reporter, signal } = options;
  const rows = rowsNamed(options.rows);
  mkdirSync(join(resultsDir, 'runs'), { recursive: true });
  const base = readBase(options);
  const settings = readJson<Record<string, RawRecipe>>(join(resultsDir, 'settings.json'), {});
  const workshop = await openWorkshop({
    directory: join(outputDir, `seed-${seed}`),
    config: { seed },
    resume: true,
    engine: 'wasm',
    workers: options.workers,
    reporter,
    signal,
  });
  try {
    const opened = await openBench(options, base, workshop);
    if (options.tune) {
      await tune(options, base, opened);
      return { interrupted: false };
    }
    await measureStart(options, opened);
    for (const row of rows) {
      const path = join(resultsDir, 'runs', `${row.name}-${seed}.json`);
      const keys = settings[row.settingsOf ?? row.name] ?? {};
      if (hasResult(path, keys)) continue;
      const recipe = rowRecipe({ base, row, keys, seed });
      const { sets } = opened;
      const bench = row.student === undefined ? opened.bench : await withStudent(opened.bench, row.student, options);
      const run: MethodRun = await runMethodRow({ bench, row, recipe, keys, sets, commit: options.commit });
      writeJson(path, run);
      const shown = run.sets.map((set) => `${(100 * set.exactMatch).toFixed(1)} % of ${set.name}`);
      reporter.line(`${row.name}, seed ${seed}: ${shown.join(', ')}`);
    }
    return { interrupted: false };
  } catch (error) {
    if (signal?.aborted && error === signal.reason) return { interrupted: true };
    throw error;
  } finally {
    await workshop.close();
  }
}
