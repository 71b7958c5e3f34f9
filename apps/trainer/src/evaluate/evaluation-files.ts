import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { type LmEvalResults, lmEvalResults, type ReadingScore, scoreTrajectories } from '@dgpo/arc';
import { DatasetError, readTrajectories, type Trajectory, writeTrajectories } from '@dgpo/trajectory';
import { z } from 'zod';
import { nodeFileSystem, replaceFile } from '../run/file-system.js';
import type { ModelEvaluation } from './evaluate-model.js';
import type { RunReportSet } from './results-table.js';

export interface WriteEvaluationOptions {
  /** Made when absent; files of the same names are replaced. */
  directory: string;
  /** Name of the model. */
  model: string;
  evaluation: ModelEvaluation;
  /** Whatever the figures depend on, such as temperature, seed and the rules of the environment. */
  settings?: Record<string, unknown>;
}

/** Options of {@link evaluationResults}. */
export interface EvaluationResultsOptions extends Omit<WriteEvaluationOptions, 'directory'> {
  /** Where the episodes of a set lie, beside the results. @default samples_<set>.jsonl */
  samplesOf?: (set: string) => string;
}

/** An evaluation that was read back. */
export interface StoredEvaluation {
  model: string;
  /** What the figures depend on, as it was written; absent of a stage of a run. */
  settings?: Record<string, unknown>;
  sets: StoredSet[];
}

/** One set of it, scored anew from its episodes. */
export interface StoredSet extends RunReportSet {
  trajectories: Trajectory[];
}

const resultsName = 'results.json';
const stageFileName = 'evaluation.json';

const number = z
  .number()
  .nullable()
  .transform((value) => value ?? Number.NaN);
const figureSchema = z.object({ mean: number, low: number, high: number, count: z.number() });
const readingSchema = z.object({ exactMatch: figureSchema, answered: figureSchema, skippedTasks: z.number() });

const resultsSchema = z.object({
  model_name: z.string().nullable(),
  dgpo: z.object({
    formatVersion: z.literal(1),
    bootstrapSamples: z.int().positive(),
    seed: z.int().nonnegative(),
    settings: z.record(z.string(), z.unknown()).exactOptional(),
    sets: z.array(
      z.object({
        name: z.string(),
        // Only names of files beside the results or one folder below: a hostile file must not name others.
        samples: z.string().regex(/^(?:samples_[\p{L}\p{N}_.-]+|(?:[\p{L}\p{N}_]+\/)?episodes)\.jsonl$/u),
        baseline: z.object({ exactMatch: z.number() }),
        arc: z.object({ sourceReferencing: readingSchema, thinking: readingSchema }).exactOptional(),
      }),
    ),
  }),
});

/** What a set is called in lm-eval's tables and in file names. */
export const taskName = (name: string) => name.normalize('NFC').replace(/[^\p{L}\p{N}]+/gu, '_');

const withoutEpisodes = ({ episodes: _, ...figures }: ReadingScore) => figures;

/** The results of all sets in the shape of lm-eval's `results_*.json`; everything of ours is under `dgpo`. */
export function evaluationResults(options: EvaluationResultsOptions) {
  const { model, evaluation, settings = {}, samplesOf = samplesName } = options;
  const parts = evaluation.sets.map(({ name, summary }) => lmEvalResults(summary, { task: taskName(name), model }));
  const merge = <Key extends keyof LmEvalResults>(key: Key) =>
    Object.assign({}, ...parts.map((part) => part[key])) as LmEvalResults[Key];
  const [first] = evaluation.sets;
  return {
    results: merge('results'),
    group_subtasks: merge('group_subtasks'),
    versions: merge('versions'),
    'n-shot': merge('n-shot'),
    higher_is_better: merge('higher_is_better'),
    'n-samples': merge('n-samples'),
    config: merge('config'),
    model_name: model,
    dgpo: {
      formatVersion: 1,
      bootstrapSamples: first?.summary.bootstrapSamples ?? 0,
      seed: first?.summary.seed ?? 0,
      settings,
      sets: evaluation.sets.map(({ name, summary, baseline, arc }) => ({
        name,
        samples: samplesOf(name),
        overall: summary.overall,
        groups: summary.groups,
        baseline,
        ...(arc === undefined
          ? {}
          : {
              arc: {
                sourceReferencing: withoutEpisodes(arc.sourceReferencing),
                thinking: withoutEpisodes(arc.thinking),
              },
            }),
      })),
    },
  };
}

const samplesName = (set: string) => `samples_${taskName(set)}.jsonl`;

/**
 * Writes `results.json` (the shape of lm-eval, with all figures and intervals under `dgpo`) and the episodes of each set as
 * `samples_<set>.jsonl`; {@link readEvaluation} reads them back.
 *
 * @throws DatasetError when a file cannot be written or two sets would share one.
 */
export async function writeEvaluation(options: WriteEvaluationOptions): Promise<void> {
  const { directory, evaluation } = options;
  if (new Set(evaluation.sets.map(({ name }) => samplesName(name))).size !== evaluation.sets.length) {
    throw new DatasetError('two sets would be written to one file; give them names that differ in letters or digits', {
      where: directory,
    });
  }
  for (const { name, trajectories } of evaluation.sets) {
    await writeTrajectories(join(directory, samplesName(name)), trajectories);
  }
  const text = `${JSON.stringify(evaluationResults(options), null, 2)}\n`;
  try {
    await mkdir(directory, { recursive: true });
    // Last, so that results never stand beside the episodes of another evaluation.
    await replaceFile(nodeFileSystem, join(directory, resultsName), text);
  } catch (cause) {
    throw new DatasetError('cannot be written', { where: join(directory, resultsName), cause });
  }
}

/**
 * Reads an evaluation: a folder that {@link writeEvaluation} wrote or its `results.json`, or a folder `stages/evaluation-<model>` of a
 * run directory.
 *
 * @throws DatasetError when it is missing, damaged or of another version.
 */
export async function readEvaluation({ path }: { path: string }): Promise<StoredEvaluation> {
  if (existsSync(join(path, stageFileName))) return readStage(path);
  const where = path.endsWith('.json') ? path : join(path, resultsName);
  const stored = parseResults(await readResults(where), where);
  const { bootstrapSamples, seed, settings } = stored.dgpo;
  const sets: StoredSet[] = [];
  for (const { name, samples, ...rest } of stored.dgpo.sets) {
    const trajectories: Trajectory[] = [];
    for await (const trajectory of readTrajectories(join(dirname(where), samples))) trajectories.push(trajectory);
    sets.push({ name, summary: scoreTrajectories(trajectories, { bootstrapSamples, seed }), trajectories, ...rest });
  }
  return { model: stored.model_name ?? 'model', ...(settings === undefined ? {} : { settings }), sets };
}

/** What a stage of a run keeps; its manifest has the hash of the file. */
async function readStage(path: string): Promise<StoredEvaluation> {
  const where = join(path, stageFileName);
  try {
    const { sets } = JSON.parse(await readFile(where, 'utf8')) as ModelEvaluation;
    return { model: basename(resolve(path)).replace(/^evaluation-/, ''), sets };
  } catch (cause) {
    throw new DatasetError('is damaged', { where, cause });
  }
}

async function readResults(where: string): Promise<string> {
  try {
    return await readFile(where, 'utf8');
  } catch (cause) {
    throw new DatasetError('there are no results here; dgpo-eval run CHECKPOINT --out FOLDER writes them', {
      where,
      cause,
    });
  }
}

function parseResults(text: string, where: string) {
  try {
    return resultsSchema.parse(JSON.parse(text));
  } catch (cause) {
    const [issue] = cause instanceof z.ZodError ? cause.issues : [];
    const reason = issue === undefined ? 'not JSON' : `${issue.path.join('.')}: ${issue.message}`;
    throw new DatasetError(`these are no results of dgpo-eval run (${reason})`, { where, cause });
  }
}
