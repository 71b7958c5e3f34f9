import { dirname, join } from 'node:path';
import { DatasetError } from '@dgpo/trajectory';
import { readCost } from '../cost/cost-files.js';
import { isRecord } from '../is-record.js';
import { describeLmEvalSampling, describeOwnSampling } from './describe-sampling.js';
import {
  directionOf,
  figureOfScore,
  figureOfSummary,
  figuresOfResults,
  metricsOfResults,
  snakeCase,
} from './read-figures.js';
import { readSmallJson } from './read-small-json.js';
import type { BenchmarkFigure, LeftOutFile, ResultFile } from './result-file.js';

export interface ReadResultFileOptions {
  /** The folder that was searched. */
  directory: string;
  /** Of the file, below that folder. */
  path: string;
  /** Name of a measure of ours, or of a metric of lm-eval. */
  measure: string;
}

/** What was read, and what could not be read beside it. */
export interface ReadResultFile {
  result: ResultFile;
  leftOut: LeftOutFile[];
}

/** lm-eval calls the model by its arguments before version 0.4.3. */
function modelOf(file: Record<string, unknown>): string {
  if (typeof file.model_name === 'string' && file.model_name !== '') return file.model_name;
  const { model_args: words, model } = isRecord(file.config) ? file.config : {};
  const named = isRecord(words) ? words.pretrained : /(?:^|,)pretrained=([^,]+)/.exec(String(words))?.[1];
  if (typeof named === 'string' && named !== '') return named;
  return typeof model === 'string' && model !== '' ? model : 'unnamed';
}

/** Equivalence of `benchmarks.json` in place of exact match, where answers are mathematics. */
async function mathematicsOf(folder: string): Promise<Map<string, BenchmarkFigure>> {
  const stored = await readSmallJson(join(folder, 'benchmarks.json'), { optional: true });
  const scores = isRecord(stored) && Array.isArray(stored.benchmarks) ? stored.benchmarks : [];
  return new Map(
    scores.filter(isRecord).flatMap((score) => {
      const figure = score.kind === 'mathematics' ? figureOfScore(score) : undefined;
      return typeof score.name === 'string' && figure !== undefined ? [[score.name, figure] as const] : [];
    }),
  );
}

async function figuresOf(
  file: Record<string, unknown>,
  folder: string,
  measure: string,
): Promise<Pick<ResultFile, 'origin' | 'figures'>> {
  const results = isRecord(file.results) ? file.results : {};
  if (isRecord(file.dgpo) && Array.isArray(file.dgpo.sets)) {
    const figures = new Map<string, BenchmarkFigure>();
    for (const set of file.dgpo.sets.filter(isRecord)) {
      const figure = figureOfSummary(measure, set.overall, set.arc);
      if (typeof set.name === 'string' && figure !== undefined) figures.set(set.name, figure);
    }
    const replaced = snakeCase(measure) === 'exact_match' ? await mathematicsOf(folder) : [];
    for (const [name, figure] of replaced) if (figures.has(name)) figures.set(name, figure);
    return { origin: 'dgpo-eval', figures };
  }
  if (isRecord(file.arc)) {
    const figure = figureOfSummary(measure, file.arc.overall);
    const [task = 'episodes'] = Object.keys(results);
    return { origin: 'dgpo-arc', figures: new Map(figure === undefined ? [] : [[task, figure]]) };
  }
  return { origin: 'lm-eval', figures: figuresOfResults(measure, file, results) };
}

/**
 * Reads a result file of `dgpo-eval run`, `dgpo-arc score` or lm-eval, and `cost.json` beside it.
 * @throws DatasetError with the reason for which it is left out: unreadable, foreign, or without the measure.
 */
export async function readResultFile({ directory, path, measure }: ReadResultFileOptions): Promise<ReadResultFile> {
  const where = join(directory, path);
  const file = await readSmallJson(where);
  if (!isRecord(file) || !isRecord(file.results)) throw new DatasetError('holds no results of an evaluation');
  const { origin, figures } = await figuresOf(file, dirname(where), measure);
  if (figures.size === 0) {
    const metrics = metricsOfResults(file.results);
    throw new DatasetError(
      `has no figure of ${measure}${metrics.length === 0 ? '' : `; it has ${metrics.join(', ')}`}`,
    );
  }
  const leftOut: LeftOutFile[] = [];
  // A results.json of lm-eval may lie beside a cost that is not its own.
  const cost =
    origin === 'dgpo-eval'
      ? await readCost({ directory: dirname(where) }).catch((error: unknown) => {
          leftOut.push({ path: join(dirname(path), 'cost.json'), reason: reasonOf(error) });
          return undefined;
        })
      : undefined;
  const result: ResultFile = {
    path,
    model: modelOf(file),
    origin,
    figures,
    higherIsBetter: directionOf(measure, file),
    sampling:
      origin === 'dgpo-eval'
        ? describeOwnSampling(isRecord(file.dgpo) ? file.dgpo.settings : undefined)
        : origin === 'lm-eval'
          ? describeLmEvalSampling(file)
          : '',
    ...(cost === undefined ? {} : { cost: cost.overall }),
  };
  return { result, leftOut };
}

/** The message of an error, without the path that it may begin with. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'where' in error && typeof error.where === 'string'
    ? error.message.slice(error.where.length + 2)
    : error.message;
}
