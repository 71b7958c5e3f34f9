import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from '@dgpo/trajectory';
import type { Reporter } from '../pipeline/reporter.js';
import { runPipeline } from '../pipeline/run-pipeline.js';
import type { KeyTree } from '../recipe/methods/method.js';
import type { Recipe } from '../recipe/recipe-schema.js';
import { modelKey } from '../run/model-key.js';
import { hasResult } from './has-result.js';
import { sisterRecipe } from './sister-recipe.js';
import { type SisterRow, sisterRows } from './sister-rows.js';
import { type SisterRun, sisterModels } from './sister-run.js';

export interface RunSistersOptions {
  /** Work folder: one run directory a row and seed. */
  outputDir: string;
  /** Gets `runs/<row>-<seed>.json`. */
  resultsDir: string;
  seed: number;
  /** Names of rows. @default all */
  rows?: readonly string[];
  /** Keys over those of every row, for trials. @default none */
  keys?: KeyTree;
  commit: string;
  workers: number;
  reporter: Reporter;
  signal?: AbortSignal;
}

function rowsNamed(names: readonly string[] | undefined): readonly SisterRow[] {
  const unknown = names?.find((name) => !sisterRows.some((row) => row.name === name));
  if (unknown !== undefined) {
    const known = sisterRows.map(({ name }) => name).join(', ');
    throw new ConfigError(`there is no row "${unknown}"; there are ${known}`, { where: '--rows' });
  }
  return sisterRows.filter(({ name }) => names?.includes(name) ?? true);
}

/** Hashes of the models that a run starts from: another base is another experiment. */
async function weightsOf({ student, teacher }: Recipe): Promise<Record<string, string>> {
  const folders = Object.entries({ student: student.path, teacher: teacher.path });
  const keys: Record<string, string> = {};
  for (const [name, path] of folders) if (path !== undefined) keys[name] = (await modelKey(path)).slice(0, 16);
  return keys;
}

/**
 * Runs the rows of the experiment on one seed, each as its recipe says; what has a result is not run again, and what was interrupted
 * goes on where it stopped.
 * @throws ConfigError for unknown rows, for a result of other settings or other base models, and for models that are not there
 */
export async function runSisters(options: RunSistersOptions): Promise<{ interrupted: boolean }> {
  const { outputDir, resultsDir, seed, keys = {}, commit, workers, reporter, signal } = options;
  const runs = join(resultsDir, 'runs');
  mkdirSync(runs, { recursive: true });
  for (const row of rowsNamed(options.rows)) {
    const name = `${row.name}-${seed}`;
    const { recipe, keys: written } = sisterRecipe({ row, seed, keys, workers, outputDir: join(outputDir, name) });
    const weights = await weightsOf(recipe).catch((cause: unknown) => {
      const where = `row ${row.name}`;
      throw new ConfigError('a model that it starts from cannot be read', { where, cause });
    });
    const settings = { recipe: written, weights };
    const path = join(runs, `${name}.json`);
    if (hasResult(path, settings)) continue;
    reporter.stage(name, row.recipe);
    const result = await runPipeline({ recipe, resume: true, reporter, ...(signal === undefined ? {} : { signal }) });
    if (result.interrupted) return { interrupted: true };
    const run: SisterRun = { row: row.name, seed, commit, keys: settings, models: await sisterModels(result) };
    writeFileSync(`${path}.tmp`, `${JSON.stringify(run)}\n`);
    renameSync(`${path}.tmp`, path);
    reporter.line(`${name}:\n${result.text}`);
  }
  return { interrupted: false };
}
