import type { Match } from '../top-k.js';

/**
 * Asks an engine that orders equal scores as it likes: when the last score wanted goes on beyond what was asked for, asks for more,
 * until all of that score are there (or `most` were asked for), then orders by score and index and cuts.
 */
export async function searchWithTies({
  topK,
  size,
  fetch,
  most = 16 * topK + 1024,
}: {
  topK: number;
  /** Number of vectors; there is no more to ask for. */
  size: number;
  /** The first `limit` matches; best first, but equal ones in any order. */
  fetch: (limit: number) => Promise<Match[]>;
  most?: number;
}): Promise<Match[]> {
  if (size === 0) return [];
  let limit = Math.min(topK + 1, size);
  let matches = await fetch(limit);
  while (
    limit < size &&
    limit < most &&
    matches.length >= limit &&
    matches[topK - 1]?.score === matches.at(-1)?.score
  ) {
    limit = Math.min(2 * limit, size, most);
    matches = await fetch(limit);
  }
  matches.sort((left, right) => right.score - left.score || left.index - right.index);
  return matches.slice(0, topK);
}
