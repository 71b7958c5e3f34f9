import { bootstrapInterval, type Figure } from '@dgpo/arc';
import type { ScoreJob } from '../compute/jobs.js';
import type { ComputePool } from '../compute/pool.js';
import { type ScoredRow, scoredCount } from '../compute/scored-rows.js';
import { type MicroBatchOptions, microBatches } from '../train/micro-batches.js';

/** A row and the example that it came from: pieces of one text are not independent. */
export interface ExampleRow extends ScoredRow {
  example: number;
}

/** Negative log-likelihoods of the scored tokens, in nats. */
export interface MeasuredLoss {
  /** Row by row. */
  values: Float64Array;
  /** The example of each token. */
  clusters: string[];
}

/** Scores held-out rows with a model that the workers have. */
export async function measureLoss(
  options: MicroBatchOptions & {
    pool: ComputePool;
    model: string;
    rows: readonly ExampleRow[];
    onProgress?: (done: number, total: number) => void;
  },
): Promise<MeasuredLoss> {
  const { pool, model, rows, microBatchSize, maxTokensPerMicroBatch, onProgress } = options;
  const batches = microBatches({ rows, microBatchSize, maxTokensPerMicroBatch });
  let done = 0;
  const scores = new Map<number, Float32Array>();
  await Promise.all(
    batches.map(async (indices) => {
      const own = indices.map((index) => rows[index] as ExampleRow);
      const job: ScoreJob = { kind: 'score', model, what: 'log-probs', rows: own, temperature: 1 };
      const [logProbs = new Float32Array(0)] = await pool.run<ScoreJob>([job]);
      let start = 0;
      for (const index of indices) {
        const count = scoredCount(rows[index] as ExampleRow);
        scores.set(index, logProbs.slice(start, start + count));
        start += count;
      }
      done += indices.length;
      onProgress?.(done, rows.length);
    }),
  );
  const values: number[] = [];
  const clusters: string[] = [];
  rows.forEach((row, index) => {
    for (const logProb of scores.get(index) ?? []) {
      values.push(-logProb);
      clusters.push(String(row.example));
    }
  });
  return { values: Float64Array.from(values), clusters };
}

/** Mean per token, with an interval over examples. */
export function meanLoss({ values, clusters }: MeasuredLoss): Figure {
  return bootstrapInterval({ values, clusters });
}

/** `after` minus `before` on the same tokens, with a paired interval over examples. */
export function lossDifference(before: MeasuredLoss, after: MeasuredLoss): Figure {
  const values = after.values.map((value, index) => value - (before.values[index] as number));
  return bootstrapInterval({ values, clusters: before.clusters });
}
