import { type Grid, requireLength } from './grid.js';

export interface SoftOverlongPunishmentOptions {
  /** `[batch]`: tokens of each episode, counted as `maxLength` counts them. */
  lengths: ArrayLike<number>;
  /** `L_max`: tokens at which generation is cut. */
  maxLength: number;
  /** `L_cache`: the last tokens before `maxLength`, over which the punishment grows (verl, `overlong_buffer.len`). */
  cacheLength: number;
  /** The largest punishment (verl, `overlong_buffer.penalty_factor`). @default 1 */
  penaltyFactor?: number;
}

/**
 * Soft overlong punishment (DAPO, arXiv 2503.14476, eq. 13), to be added to the rewards: 0 up to `maxLength − cacheLength` tokens, from
 * there linearly down to `−penaltyFactor` at `maxLength`, and that beyond.
 *
 * @returns `[batch]`, 0 or below
 * @throws RangeError unless `0 < cacheLength ≤ maxLength` and `penaltyFactor` is not negative.
 */
export function softOverlongPunishment(options: SoftOverlongPunishmentOptions): Float32Array {
  const { lengths, maxLength, cacheLength, penaltyFactor = 1 } = options;
  if (!(cacheLength > 0 && cacheLength <= maxLength && maxLength < Number.POSITIVE_INFINITY)) {
    throw new RangeError(`cacheLength must lie between 0 and maxLength (${maxLength}), found ${cacheLength}`);
  }
  if (!(penaltyFactor >= 0)) throw new RangeError(`penaltyFactor must be 0 or more, found ${penaltyFactor}`);
  const free = maxLength - cacheLength;
  return Float32Array.from(lengths, (length) =>
    length <= free ? 0 : -penaltyFactor * Math.min(1, (length - free) / cacheLength),
  );
}

/**
 * Overlong filtering (DAPO, arXiv 2503.14476, section 3.4; `mask_truncated_completions` of TRL): takes episodes that were cut off out of
 * a mask, so that their loss is 0; a cut episode says nothing about how good its tokens were. Use the result for {@link tokenWeights} and
 * {@link whiten}. Scores of cut episodes still count in the statistics of their group, as in TRL; leave the rows out beforehand if they
 * should not.
 *
 * @param options.truncated of every episode: whether the length limit ended it (`outcome.endedBy === 'length'`)
 * @returns a grid `[batch, time]`; all 0 when every episode was cut
 * @throws RangeError when `truncated` does not have one entry per row.
 */
export function maskTruncated(options: { mask: Grid; truncated: readonly boolean[] }): Grid {
  const { mask, truncated } = options;
  const [batch, time] = mask.shape;
  requireLength('truncated', truncated.length, batch);
  const data = mask.data.map((value, index) => (truncated[Math.floor(index / time)] === true ? 0 : value));
  return { data, shape: mask.shape };
}
