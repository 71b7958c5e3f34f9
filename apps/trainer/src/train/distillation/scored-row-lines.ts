import { CheckpointError } from '@dgpo/trajectory';
import { z } from 'zod';
import type { ScoredRow } from '../../compute/scored-rows.js';

const lineSchema = z
  .strictObject({ tokenIds: z.array(z.int().min(0)).min(1), policyMask: z.array(z.literal([0, 1])) })
  .refine(({ tokenIds, policyMask }) => tokenIds.length === policyMask.length);

/** Rows as JSONL. */
export function encodeRows(rows: readonly ScoredRow[]): string {
  return rows
    .map(({ tokenIds, mask }) => `${JSON.stringify({ tokenIds: [...tokenIds], policyMask: [...mask] })}\n`)
    .join('');
}

/**
 * The inverse of {@link encodeRows}.
 * @throws CheckpointError for a line that is no row.
 */
export function decodeRows(text: string): ScoredRow[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line, index) => {
      try {
        const { tokenIds, policyMask } = lineSchema.parse(JSON.parse(line));
        return { tokenIds: Int32Array.from(tokenIds), mask: Uint8Array.from(policyMask) };
      } catch (cause) {
        throw new CheckpointError('is not a row of token ids with their mask', { where: `line ${index + 1}`, cause });
      }
    });
}
