import { ModelError } from '@dgpo/trajectory';
import { scoredCount } from '../../compute/scored-rows.js';
import type { EpisodeRow } from '../episode-rows.js';

/** Rounding may lift a certain token a little above probability 1. */
const tolerance = 1e-4;

function problemOf(row: EpisodeRow, vocabularySize: number): string | undefined {
  if (row.mask.length !== row.tokenIds.length) {
    return `it has ${row.tokenIds.length} tokens and ${row.mask.length} entries in its mask`;
  }
  const stranger = row.tokenIds.find((id) => !(id >= 0 && id < vocabularySize));
  if (stranger !== undefined) return `it has the token ${stranger}, the vocabulary ${vocabularySize}`;
  const sampled = scoredCount(row);
  if (row.logProbs.length !== sampled) {
    return `it has ${sampled} tokens of the policy after the first one and ${row.logProbs.length} log-probabilities`;
  }
  const odd = row.logProbs.findIndex((value) => !(Number.isFinite(value) && value <= tolerance));
  if (odd === -1) return undefined;
  return `the log-probability of its policy token ${odd} is ${row.logProbs[odd]}, which is none`;
}

/**
 * What must hold of sampled episodes before anything is learned from them.
 *
 * @throws ModelError that says of which episode what does not hold, and what to check.
 */
export function checkRows(options: {
  rows: readonly EpisodeRow[];
  ids: readonly string[];
  vocabularySize: number;
}): void {
  const { rows, ids, vocabularySize } = options;
  rows.forEach((row, index) => {
    const problem = problemOf(row, vocabularySize);
    if (problem === undefined) return;
    throw new ModelError(
      `${problem}; sampler and student must share tokenizer and vocabulary, and every sampled token needs its log-probability`,
      { where: `episode ${ids[index]}` },
    );
  });
}
