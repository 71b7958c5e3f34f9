import type { TeacherScores } from '@dgpo/distill/teachers';
import type { Grid } from '@dgpo/rl';
import { perRow } from './mini-batches.js';
import type { TrainingBatch } from './training-batch.js';

/** What an update knew of the tokens that the policy sampled in one episode; every list has one entry per such token, in their order. */
export interface TokenTrace {
  /** Of the trajectory. */
  id: string;
  /** Its place among the episodes of the update, from 0. */
  episode: number;
  /** The gate selected the episode: the teacher guides it. */
  gated: boolean;
  /** Natural log-probabilities that the ratio of the policy loss starts from. */
  logProbs: number[];
  /** The same of the teacher; absent where none guides. */
  referenceLogProbs?: number[];
  advantages: number[];
}

/** As many digits as a 32-bit float holds. */
const digits = (values: Float32Array): number[] => Array.from(values, (value) => Number(value.toPrecision(7)));

/**
 * Records of the first episodes of an update; one that the update did not learn from has none.
 *
 * @param options.chosen place of each row of the batch among the episodes of the update
 * @param options.count episodes, from the first
 * @param options.logProbs on the grid of policy tokens, as the advantages
 */
export function tokenTraces(options: {
  batch: Pick<TrainingBatch, 'episodes' | 'counts' | 'gate'>;
  chosen: readonly number[];
  count: number;
  logProbs: Grid;
  advantages: Grid;
  referenceScores: readonly TeacherScores[] | undefined;
}): TokenTrace[] {
  const { batch, chosen, count, referenceScores } = options;
  const logProbs = perRow(options.logProbs, batch.counts);
  const advantages = perRow(options.advantages, batch.counts);
  return batch.episodes.flatMap(({ id }, row) => {
    const episode = chosen[row];
    const [own, advantage] = [logProbs[row], advantages[row]];
    if (episode === undefined || episode >= count || own === undefined || advantage === undefined) return [];
    const reference = referenceScores?.[row]?.logProbs;
    return [
      {
        id,
        episode,
        gated: batch.gate[row] === 1,
        logProbs: digits(own),
        ...(reference === undefined ? {} : { referenceLogProbs: digits(reference) }),
        advantages: digits(advantage),
      },
    ];
  });
}
