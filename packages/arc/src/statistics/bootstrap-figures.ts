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

  const width = columns.length;
  const { sums, counts, size } = sumByCluster(columns, rows, clusters);
  const random = createRandom(seed).split('bootstrap', size);
  const means = columns.map(() => new Float64Array(bootstrapSamples));
  const drawnSums = new Float64Array(width);
  const drawnCounts = new Float64Array(width);
  for (let sample = 0; sample < bootstrapSamples; sample++) {
    drawnSums.fill(0);
    drawnCounts.fill(0);
    for (let draw = 0; draw < size; draw++) {
      const start = random.integer(size) * width;
      for (let column = 0; column < width; column++) {
        drawnSums[column] = (drawnSums[column] ?? 0) + (sums[start + column] ?? 0);
        drawnCounts[column] = (drawnCounts[column] ?? 0) + (counts[start + column] ?? 0);
      }
    }
    means.forEach((column, index) => {
      column[sample] = (drawnSums[index] ?? 0) / (drawnCounts[index] ?? 0);
    });
  }

  const tail = (1 - confidence) / 2;
  return means.map((column, index) => {
    let sum = 0;
    let count = 0;
    for (let cluster = 0; cluster < size; cluster++) {
      sum += sums[cluster * width + index] ?? 0;
      count += counts[cluster * width + index] ?? 0;
    }
    if (count === 0) return emptyFigure();
    const sorted = column.filter(Number.isFinite).sort();
    return { mean: sum / count, low: quantile(sorted, tail), high: quantile(sorted, 1 - tail), count };
  });
}

/** Sums and counts of the measured values, `[cluster, column]` row by row. */
function sumByCluster(columns: readonly ArrayLike<number>[], rows: number, clusters: readonly string[] | undefined) {
  const index = new Map<string, number>();
  const clusterOf = Array.from({ length: rows }, (_, row) => {
    if (clusters === undefined) return row;
    const name = clusters[row] ?? '';
    const known = index.get(name);
    if (known !== undefined) return known;
    index.set(name, index.size);
    return index.size - 1;
  });
  const size = clusters === undefined ? rows : index.size;
  const sums = new Float64Array(size * columns.length);
  const counts = new Float64Array(size * columns.length);
  columns.forEach((column, offset) => {
    clusterOf.forEach((cluster, row) => {
      const value = column[row] ?? Number.NaN;
      if (!Number.isFinite(value)) return;
      const cell = cluster * columns.length + offset;
      sums[cell] = (sums[cell] ?? 0) + value;
      counts[cell] = (counts[cell] ?? 0) + 1;
    });
  });
  return { sums, counts, size };
}
