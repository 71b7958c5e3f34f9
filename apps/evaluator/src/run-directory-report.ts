import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import type { ReportTranscript } from '@dgpo/arc';
import { disagreements, readEvaluation, type StoredEvaluation, writeRunReport } from '@dgpo/trainer';
import { DatasetError, readTrajectories } from '@dgpo/trajectory';

export interface RunDirectoryReportOptions {
  /** A run directory of `dgpo train` or `dgpo demo`. */
  directory: string;
  /** @default `report.html` in the run directory */
  path?: string;
  /** Questions to show. @default 8 */
  transcripts?: number;
}

export interface RunDirectoryReport {
  /** Where the report lies. */
  path: string;
  /** The models that were evaluated. */
  models: string[];
}

/** The order in which a run makes its models; others follow by name. */
const customaryOrder = ['base', 'teacher', 'cold-start', 'dgpo'];

const rank = (model: string) =>
  customaryOrder.includes(model) ? customaryOrder.indexOf(model) : customaryOrder.length;

/** Folders below that hold an evaluation: stages of the run, and what `dgpo-eval run --out` wrote into `evaluation/`. */
function evaluationFolders(directory: string): string[] {
  const inside = (name: string, file: string) => {
    const folder = join(directory, name);
    if (!existsSync(folder)) return [];
    return readdirSync(folder)
      .sort()
      .map((entry) => join(folder, entry))
      .filter((path) => existsSync(join(path, file)));
  };
  return [...inside('stages', 'evaluation.json'), ...inside('evaluation', 'results.json')];
}

/** The episodes of the last update of which some were kept. */
async function latestEpisodes(directory: string, count: number): Promise<ReportTranscript[]> {
  const folder = join(directory, 'traces');
  const files = existsSync(folder) ? readdirSync(folder) : [];
  const steps = files.flatMap((name) => {
    const [, stage, step] = /^(.+)-(\d+)\.jsonl$/.exec(name) ?? [];
    return stage === undefined ? [] : [{ name, label: `${stage}, update ${step}`, step: Number(step) }];
  });
  const last = steps.sort((a, b) => b.step - a.step || a.name.localeCompare(b.name, 'en'))[0];
  if (last === undefined) return [];
  const transcripts: ReportTranscript[] = [];
  for await (const trajectory of readTrajectories(join(folder, last.name))) {
    if (transcripts.length >= count) break;
    transcripts.push({ label: last.label, trajectory });
  }
  return transcripts;
}

/** Questions on which the first and the last model differ, with the episodes of up to four models. */
function comparedEpisodes(evaluations: readonly StoredEvaluation[], count: number): ReportTranscript[] {
  const names = [...new Set(evaluations.flatMap(({ sets }) => sets.map(({ name }) => name)))];
  const share = Math.ceil(count / Math.max(1, names.length));
  return names.flatMap((name) => {
    const sides = evaluations.slice(0, 4).flatMap(({ model, sets }) => {
      const set = sets.find((candidate) => candidate.name === name);
      return set === undefined ? [] : [{ label: model, trajectories: set.trajectories }];
    });
    return disagreements({ sides, count: share }).flatMap((question) => [...question.sides]);
  });
}

function describe(directory: string): string {
  try {
    const config: unknown = JSON.parse(readFileSync(join(directory, 'config.json'), 'utf8'));
    const seed = typeof config === 'object' && config !== null && 'seed' in config ? config.seed : undefined;
    return typeof seed === 'number'
      ? `Run directory ${basename(directory)}, seed ${seed}.`
      : `Run directory ${basename(directory)}.`;
  } catch {
    return `Run directory ${basename(directory)}.`;
  }
}

/**
 * Writes the report of a run: curves from its `metrics.jsonl`, tables, bars and a radar of the models it evaluated, episodes. A run in
 * progress has one too.
 *
 * @throws DatasetError when the folder holds neither metrics nor evaluations, or they are damaged
 */
export async function writeRunDirectoryReport(options: RunDirectoryReportOptions): Promise<RunDirectoryReport> {
  const directory = resolve(options.directory);
  const { path = join(directory, 'report.html'), transcripts: count = 8 } = options;
  const metricsPath = join(directory, 'metrics.jsonl');
  const folders = evaluationFolders(directory);
  if (folders.length === 0 && !existsSync(metricsPath)) {
    throw new DatasetError('is no run directory: it has neither metrics.jsonl nor evaluations', {
      where: options.directory,
    });
  }
  const evaluations: StoredEvaluation[] = [];
  for (const folder of folders) evaluations.push(await readEvaluation({ path: folder }));
  evaluations.sort((a, b) => rank(a.model) - rank(b.model));
  const compared = evaluations.length > 1 ? comparedEpisodes(evaluations, count) : [];
  await writeRunReport({
    path,
    title: basename(directory),
    subtitle: describe(directory),
    results: evaluations.map(({ model, sets }) => ({ name: model, sets })),
    metricsPath,
    transcripts: compared.length > 0 ? compared : await latestEpisodes(directory, count),
  });
  return { path, models: evaluations.map(({ model }) => model) };
}
