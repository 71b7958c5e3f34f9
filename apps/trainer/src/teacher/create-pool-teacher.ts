import type { ScoreOptions, Teacher } from '@dgpo/distill/teachers';
import { ConfigError } from '@dgpo/trajectory';
import type { ComputePool } from '../compute/pool.js';
import { type ScoredRow, scoredCount } from '../compute/scored-rows.js';
import { microBatches } from '../train/micro-batches.js';

export interface PoolTeacherOptions {
  pool: Pick<ComputePool, 'run'>;
  /** Name of the model in the workers; it must be there before the first row. */
  model: string;
  /** Of the distribution that the log-probabilities belong to. @default 1 */
  temperature?: number;
  /** Rows of one forward pass; it does not change the result. @default 8 */
  microBatchSize?: number;
}

/**
 * A teacher on this machine, scored on all workers. It gives the log-probabilities of sampled tokens; for its whole distribution name the
 * model in a job.
 *
 * @throws ConfigError for a temperature or a size that is not above 0
 */
export function createPoolTeacher(options: PoolTeacherOptions): Teacher {
  const { pool, model, temperature = 1, microBatchSize = 8 } = options;
  if (!(temperature > 0)) throw new ConfigError(`must be above 0, not ${temperature}`, { where: 'temperature' });
  if (!Number.isInteger(microBatchSize) || microBatchSize < 1) {
    throw new ConfigError(`must be an integer of at least 1, not ${microBatchSize}`, { where: 'microBatchSize' });
  }
  return {
    name: model,
    topK: 0,
    async score(given, { signal }: ScoreOptions = {}) {
      signal?.throwIfAborted();
      const rows = given.map(
        ({ tokenIds, mask }): ScoredRow => ({ tokenIds: Int32Array.from(tokenIds), mask: Uint8Array.from(mask) }),
      );
      const scores = rows.map((row) => ({ logProbs: new Float32Array(scoredCount(row)) }));
      const scored = rows.flatMap((row, index) => (scoredCount(row) > 0 ? [index] : []));
      const batches = microBatches({ rows: scored.map((index) => rows[index] as ScoredRow), microBatchSize }).map(
        (places) => places.map((place) => scored[place] as number),
      );
      const results = await pool.run(
        batches.map((indices) => ({
          kind: 'score' as const,
          model,
          what: 'log-probs' as const,
          rows: indices.map((index) => rows[index] as ScoredRow),
          temperature,
        })),
      );
      signal?.throwIfAborted();
      batches.forEach((indices, batch) => {
        let start = 0;
        for (const index of indices) {
          const { logProbs } = scores[index] as { logProbs: Float32Array };
          logProbs.set((results[batch] as Float32Array).subarray(start, start + logProbs.length));
          start += logProbs.length;
        }
      });
      return scores;
    },
  };
}
