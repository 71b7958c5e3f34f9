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
  /** Result files of its sets alone, below the folder that was searched. */
  parts: string[];
}

/** lm-eval calls the model by its arguments before version 0.4.3. */
function modelOf(file: Record<string, unknown>): string {
  if (typeof file.model_name === 'string' && file.model_name !== '') return file.model_name;
  const { model_args: words, model } = isRecord(file.config) ? file.config : {};
  const named = isRecord(words) ? words.pretrained : /(?:^|,)pretrained=([^,]+)/.exec(String(words))?.[1];
  if (typeof named === 'string' && named !== '') return named;
  return typeof model === 'string' && model !== '' ? model : 'unnamed';
}

/** The sets of a result file of `dgpo-eval`; undefined of others. */
const ownSets = ({ dgpo }: Record<string, unknown>): Record<string, unknown>[] | undefined =>
  isRecord(dgpo) && Array.isArray(dgpo.sets) ? dgpo.sets.filter(isRecord) : undefined;

/** A measure of one of our sets. Answers to mathematics are compared by equivalence, which stands in place of exact match. */
function figureOfSet(measure: string, { overall, arc, score }: Record<string, unknown>): BenchmarkFigure | undefined {
  const isExactMatch = snakeCase(measure) === 'exact_match';
  const isMathematics = isRecord(score) && score.kind === 'mathematics';
  return isExactMatch && isMathematics ? figureOfScore(score) : figureOfSummary(measure, overall, arc);
}

function figuresOf(
  file: Record<string, unknown>,
  results: Record<string, unknown>,
  measure: string,
): Pick<ResultFile, 'origin' | 'figures'> {
  const sets = ownSets(file);
  if (sets !== undefined) {
    const figures = sets.flatMap((set) => {
      const figure = figureOfSet(measure, set);
      return typeof set.name === 'string' && figure !== undefined ? [[set.name, figure] as const] : [];
    });
    return { origin: 'dgpo-eval', figures: new Map(figures) };
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
  const { origin, figures } = figuresOf(file, file.results, measure);
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
  const parts = (ownSets(file) ?? []).flatMap(({ samples }) =>
    typeof samples === 'string' && dirname(samples) !== '.'
      ? [join(dirname(path), dirname(samples), 'results.json')]
      : [],
  );
  return { result, leftOut, parts };
}

/** The message of an error, without the path that it may begin with. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'where' in error && typeof error.where === 'string'
    ? error.message.slice(error.where.length + 2)
    : error.message;
}
