import { existsSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { readCorpus } from '@dgpo/retriever';
import { ConfigError } from '@dgpo/trajectory';
import { estimateRun, type RunEstimate } from '../estimate/estimate-run.js';
import { readModelConfig } from '../estimate/model-config.js';
import { readQuestions } from '../recipe/read-questions.js';
import type { Recipe } from '../recipe/recipe-schema.js';
import { splitValidation } from '../recipe/validation-tasks.js';

/** A corpus is read up to here; the rest is read when the index is built. */
const passagesToCheck = 100_000;

/** What the files of a recipe hold. */
interface DataSummary {
  passages: number;
  /** False when the corpus goes on after the passages that were read. */
  complete: boolean;
  trainQuestions: number;
  evalQuestions: { name: string; questions: number }[];
}

export interface RunCheck {
  /** Undefined for a generated world. */
  data?: DataSummary;
  estimate: RunEstimate;
  /** Worth knowing before the run starts. */
  warnings: string[];
}

async function countPassages(path: string): Promise<Pick<DataSummary, 'passages' | 'complete'>> {
  let passages = 0;
  for await (const _ of readCorpus({ path })) {
    passages += 1;
    if (passages >= passagesToCheck) return { passages, complete: false };
  }
  return { passages, complete: true };
}

async function summarize(recipe: Recipe): Promise<DataSummary | undefined> {
  const { data } = recipe;
  if (data.corpus === undefined || data.trainQuestions === undefined) return undefined;
  if (data.evalQuestions.length === 0) {
    throw new ConfigError('needs at least one held-out set to measure on', { where: 'data.evalQuestions' });
  }
  const corpus = await countPassages(data.corpus);
  if (corpus.passages === 0) throw new ConfigError('has no passages', { where: data.corpus });
  const all = await readQuestions({ path: data.trainQuestions });
  const trainQuestions = (await splitValidation({ recipe, trainTasks: all })).trainTasks.length;
  const evalQuestions: DataSummary['evalQuestions'] = [];
  for (const { name, path } of data.evalQuestions) {
    evalQuestions.push({ name, questions: (await readQuestions({ path })).length });
  }
  return { ...corpus, trainQuestions, evalQuestions };
}

async function sizesOf(path: string | undefined, where: string) {
  if (path === undefined) return undefined;
  if (!existsSync(path)) throw new ConfigError(`there is no folder ${path}`, { where });
  return readModelConfig(path);
}

function warningsOf(estimate: RunEstimate, memory: number): string[] {
  const gibibytes = (bytes: number) => (bytes / 2 ** 30).toFixed(1);
  const { total, workers } = estimate.memory;
  return [
    ...estimate.warnings,
    ...(total > 0.9 * memory
      ? [
          `about ${gibibytes(total)} GiB for ${workers} workers is close to or above the ${gibibytes(memory)} GiB of this machine; set workers lower`,
        ]
      : []),
  ];
}

/**
 * Everything about a run that can be known before it starts: reads its questions, the first passages of its corpus and the sizes of its
 * models, and estimates memory and time.
 *
 * @throws {DatasetError} for the first bad line of a file
 * @throws {ModelError} for a model folder that cannot be used
 * @throws {ConfigError} for a run that cannot fit
 */
export async function checkRun(options: {
  recipe: Recipe;
  /** What `engine: auto` stands for. @default 'wasm' */
  engine?: RunEstimate['engine'];
  /** @default those of this machine */
  machine?: { cores: number; memory: number };
}): Promise<RunCheck> {
  const { recipe, engine } = options;
  const { cores, memory } = options.machine ?? { cores: availableParallelism(), memory: totalmem() };
  const data = await summarize(recipe);
  const student = await sizesOf(recipe.student.path, 'student.path');
  const teacher = await sizesOf(recipe.teacher.path, 'teacher.path');
  const estimate = estimateRun({
    recipe,
    cores,
    ...(engine === undefined ? {} : { engine }),
    ...(student === undefined ? {} : { student }),
    ...(teacher === undefined ? {} : { teacher }),
    ...(data === undefined
      ? {}
      : { trainQuestions: data.trainQuestions, evalQuestions: data.evalQuestions.map((set) => set.questions) }),
  });
  return { ...(data === undefined ? {} : { data }), estimate, warnings: warningsOf(estimate, memory) };
}
