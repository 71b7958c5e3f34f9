import { createRandom } from '@dgpo/trajectory';
import { emptyFigure, type Figure } from './figure.js';
import { quantile } from './quantile.js';

export interface BootstrapOptions {
  /** Number of resamples. @default 1000 */
  bootstrapSamples?: number;
  /** Coverage of the interval. @default 0.95 */
  confidence?: number;
  /** Seed of the resampling. @default 0 */
  seed?: number;
}

/** Checks and completes {@link BootstrapOptions}. Throws RangeError on a value that makes no sense. */
export function completeBootstrapOptions(options: BootstrapOptions): Required<BootstrapOptions> {
  const { bootstrapSamples = 1000, confidence = 0.95, seed = 0 } = options;
  if (!Number.isInteger(bootstrapSamples) || bootstrapSamples < 1) {
    throw new RangeError(`bootstrapSamples must be a whole number of at least 1, not ${bootstrapSamples}`);
  }
  if (!(confidence > 0 && confidence < 1))
    throw new RangeError(`confidence must be between 0 and 1, not ${confidence}`);
  return { bootstrapSamples, confidence, seed };
}

export interface BootstrapFiguresOptions extends BootstrapOptions {
  /** One column of values per figure, all of the same length; a value that is not finite was not measured. */
  columns: readonly ArrayLike<number>[];
  /**
   * What each row belongs to. Rows of one cluster are drawn together, since several samples of one question are not independent.
   * @default every row is its own cluster
   */
  clusters?: readonly string[];
}

/**
 * Means with percentile bootstrap intervals (Efron and Tibshirani 1993, chapter 13) of several columns over the same rows. The rows,
 * or whole clusters of rows, are drawn with replacement; one draw serves all columns, so the cost of drawing is paid once.
 *
 * @returns One figure per column. An interval that a resample without any measured value would leave undefined ignores that resample.
 * @throws RangeError if lengths differ or an option makes no sense.
 */
export function bootstrapFigures(options: BootstrapFiguresOptions): Figure[] {
  const { columns, clusters } = options;
  const { bootstrapSamples, confidence, seed } = completeBootstrapOptions(options);
  const rows = columns[0]?.length ?? 0;
  if (columns.some((column) => column.length !== rows)) throw new RangeError('bootstrap: columns differ in length');
  if (clusters !== undefined && clusters.length !== rows) {
    throw new RangeError(`bootstrap: ${clusters.length} cluster names for ${rows} rows`);
  }
  if (rows === 0) return columns.map(emptyFigure);

  const { clusterOf, size } = numberClusters(rows, clusters);
  const random = createRandom(seed).split('bootstrap', size);
  const parts = columns.map((column) => sumByCluster(column, clusterOf, size));
  // Columns that were measured on the same rows share what counts them, so it is added up once.
  const counts = distinct(parts.map((part) => part.counts));
  const means = columns.map(() => new Float64Array(bootstrapSamples));
  const drawn = new Float64Array(size);
  for (let sample = 0; sample < bootstrapSamples; sample++) {
    drawn.fill(0);
    for (let draw = 0; draw < size; draw++) {
      const cluster = random.integer(size);
      drawn[cluster] = (drawn[cluster] ?? 0) + 1;
    }
    const totals = counts.values.map((column) => dot(drawn, column));
    parts.forEach((part, index) => {
      const column = means[index];
      if (column !== undefined) column[sample] = dot(drawn, part.sums) / (totals[counts.places[index] ?? 0] ?? 0);
    });
  }

  const tail = (1 - confidence) / 2;
  return means.map((column, index) => {
    const part = parts[index];
    const count = part === undefined ? 0 : total(part.counts);
    if (part === undefined || count === 0) return emptyFigure();
    const sorted = column.filter(Number.isFinite).sort();
    return { mean: total(part.sums) / count, low: quantile(sorted, tail), high: quantile(sorted, 1 - tail), count };
  });
}

/** The number of the cluster of each row, in order of first appearance, and how many there are. */
function numberClusters(rows: number, clusters: readonly string[] | undefined) {
  if (clusters === undefined) return { clusterOf: Int32Array.from({ length: rows }, (_, row) => row), size: rows };
  const index = new Map<string, number>();
  const clusterOf = Int32Array.from(clusters, (name) => {
    const known = index.get(name) ?? index.size;
    if (known === index.size) index.set(name, known);
    return known;
  });
  return { clusterOf, size: index.size };
}

/** Sum and count of the measured values of one column, by cluster. */
function sumByCluster(column: ArrayLike<number>, clusterOf: Int32Array, size: number) {
  const sums = new Float64Array(size);
  const counts = new Float64Array(size);
  clusterOf.forEach((cluster, row) => {
    const value = column[row] ?? Number.NaN;
    if (!Number.isFinite(value)) return;
    sums[cluster] = (sums[cluster] ?? 0) + value;
    counts[cluster] = (counts[cluster] ?? 0) + 1;
  });
  return { sums, counts };
}

/** The different ones among some lists, and where each of them went. */
function distinct(lists: readonly Float64Array[]) {
  const values: Float64Array[] = [];
  const places = lists.map((list) => {
    const known = values.findIndex((other) => other.every((value, index) => value === list[index]));
    return known < 0 ? values.push(list) - 1 : known;
  });
  return { values, places };
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += (a[index] ?? 0) * (b[index] ?? 0);
  return sum;
}

const total = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0);
