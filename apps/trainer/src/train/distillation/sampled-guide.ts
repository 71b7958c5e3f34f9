import { reverseKlAdvantages } from '@dgpo/distill';
import { fromGrid, toGrid } from '../token-grid.js';

/** Per row: the advantage of each token that the student sampled. */
export interface SampledAdvantages {
  advantages: Float32Array[];
  /** Mean of log π_student − log π_teacher over the tokens. */
  klMean: number;
}

/** Each entry divided by the number of tokens after it, and 0 for the last. */
function meanOfLater(sums: Float32Array): Float32Array {
  return sums.map((_, index) => {
    const later = sums.length - 1 - index;
    return later === 0 ? 0 : (sums[index + 1] as number) / later;
  });
}

/**
 * What the sampled tokens say about the reverse KL.
 *
 * - `opd`: every token has its own log π_teacher − log π_student (discount 0).
 * - `minillm`: the long part of the single-step decomposition, normalised by length (arXiv 2306.08543, eq. 5 to 7): the mean of that
 *   difference over the tokens after it. The single-step part is not sampled: its expectation is the reverse KL over the vocabulary.
 *
 * @param options.studentLogProbs as recorded by the sampler, per row
 * @param options.teacherLogProbs of the same tokens
 */
export function sampledAdvantages(options: {
  objective: 'minillm' | 'opd';
  studentLogProbs: readonly Float32Array[];
  teacherLogProbs: readonly Float32Array[];
}): SampledAdvantages {
  const { objective, studentLogProbs, teacherLogProbs } = options;
  const { grid, mask } = toGrid(studentLogProbs);
  const { advantages, klMean } = reverseKlAdvantages({
    studentLogProbs: grid,
    teacherLogProbs: toGrid(teacherLogProbs).grid,
    policyMask: mask,
    gamma: objective === 'opd' ? 0 : 1,
  });
  const counts = studentLogProbs.map((row) => row.length);
  const flat = fromGrid(
    { data: advantages.data as Float32Array, shape: [...advantages.shape] as [number, number] },
    counts,
  );
  let start = 0;
  const rows = counts.map((count) => {
    const row = flat.subarray(start, start + count);
    start += count;
    return objective === 'opd' ? row : meanOfLater(row);
  });
  return { advantages: rows, klMean };
}
