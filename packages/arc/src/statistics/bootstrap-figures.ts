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

  const { index: clusterOf, size } = numberClusters(rows, clusters);
  const parts = columns.map((column) => sumByCluster(column, clusterOf, size));
  // Many columns were measured on the same rows, or nowhere: each distinct vector is summed once per resample.
  const distinct: Float64Array[] = [];
  const place = (vector: Float64Array) => {
    const known = distinct.findIndex((other) => other.every((value, cluster) => value === vector[cluster]));
    return known >= 0 ? known : distinct.push(vector) - 1;
  };
  const places = parts.map(({ sums, counts }) => ({ sum: place(sums), count: place(counts) }));

  const random = createRandom(seed).split('bootstrap', size);
  const drawn = new Uint32Array(size);
  const totals = distinct.map(() => new Float64Array(bootstrapSamples));
  for (let sample = 0; sample < bootstrapSamples; sample++) {
    drawn.fill(0);
    for (let draw = 0; draw < size; draw++) {
      const cluster = random.integer(size);
      drawn[cluster] = (drawn[cluster] ?? 0) + 1;
    }
    for (const [index, vector] of distinct.entries()) {
      const column = totals[index];
      if (column !== undefined) column[sample] = weightedSum(drawn, vector);
    }
  }

  const tail = (1 - confidence) / 2;
  return places.map(({ sum, count }) => {
    const whole = total(distinct[count]);
    if (whole === 0) return emptyFigure();
    const counts = totals[count];
    const means = Float64Array.from(totals[sum] ?? [], (value, sample) => value / (counts?.[sample] ?? 0));
    const sorted = means.filter(Number.isFinite).sort();
    const mean = total(distinct[sum]) / whole;
    return { mean, low: quantile(sorted, tail), high: quantile(sorted, 1 - tail), count: whole };
  });
}

function weightedSum(weights: Uint32Array, values: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += (weights[index] ?? 0) * (values[index] ?? 0);
  return sum;
}

function total(values: Float64Array | undefined): number {
  let sum = 0;
  for (const value of values ?? []) sum += value;
  return sum;
}

/** The cluster of every row as a number, in the order in which they occur. */
function numberClusters(rows: number, clusters: readonly string[] | undefined): { index: Uint32Array; size: number } {
  const numbers = new Map<string, number>();
  const index = new Uint32Array(rows);
  for (let row = 0; row < rows; row++) {
    if (clusters === undefined) {
      index[row] = row;
      continue;
    }
    const name = clusters[row] ?? '';
    const number = numbers.get(name) ?? numbers.size;
    numbers.set(name, number);
    index[row] = number;
  }
  return { index, size: clusters === undefined ? rows : numbers.size };
}

/** Sum and count of the measured values of each cluster. */
function sumByCluster(column: ArrayLike<number>, clusterOf: Uint32Array, size: number) {
  const sums = new Float64Array(size);
  const counts = new Float64Array(size);
  for (let row = 0; row < column.length; row++) {
    const value = column[row] ?? Number.NaN;
    if (!Number.isFinite(value)) continue;
    const cluster = clusterOf[row] ?? 0;
    sums[cluster] = (sums[cluster] ?? 0) + value;
    counts[cluster] = (counts[cluster] ?? 0) + 1;
  }
  return { sums, counts };
}
