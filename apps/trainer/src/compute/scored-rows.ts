/** One sequence and the tokens of it that a loss or score is about. */
export interface ScoredRow {
  tokenIds: Int32Array;
  /** 1 where the token at this index is scored (given all tokens before it); index 0 never is. */
  mask: Uint8Array;
}

/** Where the scored tokens of a padded batch are. All arrays are aligned, row by row. */
export interface ScoredPositions {
  /** Rows of the hidden states `[batch * time]` that predict the scored tokens. */
  hiddenRows: Int32Array;
  /** The scored tokens. */
  targets: Int32Array;
  /** Number of scored tokens of each row. */
  counts: number[];
}

/** Number of scored tokens. */
export function scoredCount(row: ScoredRow): number {
  let count = 0;
  for (let index = 1; index < row.mask.length; index++) count += row.mask[index] === 1 ? 1 : 0;
  return count;
}

/** Positions of the scored tokens once the rows are padded to `time`. */
export function scoredPositions(rows: readonly ScoredRow[], time: number): ScoredPositions {
  const counts = rows.map(scoredCount);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const hiddenRows = new Int32Array(total);
  const targets = new Int32Array(total);
  let next = 0;
  rows.forEach((row, batchIndex) => {
    for (let index = 1; index < row.mask.length; index++) {
      if (row.mask[index] !== 1) continue;
      hiddenRows[next] = batchIndex * time + index - 1;
      targets[next] = row.tokenIds[index] as number;
      next += 1;
    }
  });
  return { hiddenRows, targets, counts };
}
