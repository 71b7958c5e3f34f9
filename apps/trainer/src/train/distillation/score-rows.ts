import type { ComputePool } from '../../compute/pool.js';
import { type ScoredRow, scoredCount } from '../../compute/scored-rows.js';
import { microBatches } from '../micro-batches.js';
import { cutRows } from '../token-grid.js';

/** Log-probabilities of the scored tokens of each row under a model that the workers have. */
export async function scoreRows(options: {
  pool: ComputePool;
  model: string;
  rows: readonly ScoredRow[];
  microBatchSize: number;
  temperature: number;
}): Promise<Float32Array[]> {
  const { pool, model, rows, microBatchSize, temperature } = options;
  const batches = microBatches({ rows, microBatchSize });
  const jobs = batches.map((indices) => ({
    kind: 'score' as const,
    model,
    what: 'log-probs' as const,
    rows: indices.map((index) => rows[index] as ScoredRow),
    temperature,
  }));
  const results = await pool.run(jobs);
  const scores: Float32Array[] = [];
  batches.forEach((indices, batch) => {
    const own = indices.map((index) => scoredCount(rows[index] as ScoredRow));
    const parts = cutRows(results[batch] as Float32Array, own);
    indices.forEach((index, position) => {
      scores[index] = parts[position] as Float32Array;
    });
  });
  return scores;
}
