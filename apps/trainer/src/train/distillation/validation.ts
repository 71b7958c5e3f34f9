import type { ComputePool } from '../../compute/pool.js';
import type { ScoredRow } from '../../compute/scored-rows.js';
import type { DistillSettings } from '../../recipe/distill-section.js';
import { scoreRows } from './score-rows.js';

/** Updates between validations: as the recipe says, or two in an epoch. */
export function validationInterval(
  { validationSteps }: Pick<DistillSettings, 'validationSteps'>,
  perEpoch: number,
): number {
  return validationSteps > 0 ? validationSteps : Math.max(1, Math.ceil(perEpoch / 2));
}

/** Mean negative log-likelihood of the scored tokens. */
export async function meanCrossEntropy(options: {
  pool: ComputePool;
  model: string;
  rows: readonly ScoredRow[];
  microBatchSize: number;
}): Promise<number> {
  const rows = options.rows.map(({ tokenIds, mask }) => ({ tokenIds, mask }));
  const scores = await scoreRows({ ...options, rows, temperature: 1 });
  let sum = 0;
  let count = 0;
  for (const row of scores) {
    for (const value of row) sum -= value;
    count += row.length;
  }
  return sum / count;
}
