import type { ComputePool } from '../../compute/pool.js';
import { type ScoredRow, scoredCount } from '../../compute/scored-rows.js';
import { microBatches } from '../micro-batches.js';
import { cutRows } from '../token-grid.js';

export interface ScoreRowsOptions {
  pool: ComputePool;
  /** Name in the workers. */
  model: string;
  what: 'log-probs' | 'values';
  rows: readonly ScoredRow[];
  temperature: number;
  /** Rows of one forward pass. */
  batchSize: number;
}

/** Log-probabilities or values of the scored tokens of each row. */
export async function scoreRows(options: ScoreRowsOptions): Promise<Float32Array[]> {
  const { pool, model, what, rows, temperature, batchSize } = options;
  const batches = microBatches({ rows, microBatchSize: batchSize });
  const results = await pool.run(
    batches.map((indices) => ({
      kind: 'score' as const,
      model,
      what,
      rows: indices.map((index) => rows[index] as ScoredRow),
      temperature,
    })),
  );
  const scores: Float32Array[] = [];
  batches.forEach((indices, batch) => {
    const parts = cutRows(
      results[batch] as Float32Array,
      indices.map((index) => scoredCount(rows[index] as ScoredRow)),
    );
    indices.forEach((index, position) => {
      scores[index] = parts[position] as Float32Array;
    });
  });
  return scores;
}
