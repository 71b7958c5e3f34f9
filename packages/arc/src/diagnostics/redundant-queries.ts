import { normalizeAnswer } from '@dgpo/trajectory';
import type { ReadSearch } from './read-evidence.js';

/** Share of common words from which two queries are nearly the same. */
const nearDuplicate = 0.8;

/** A search that the episode could have done without. */
export interface RedundantQuery {
  search: ReadSearch;
  /** `repeated`: an earlier query, normalised. `similar`: nearly one. `nothing-new`: another query, but only passages seen before. */
  kind: 'repeated' | 'similar' | 'nothing-new';
}

/**
 * The redundant searches among those after the first, in order. Two queries are the same if they are after SQuAD's normalisation, and
 * nearly so if at least 0.8 of the distinct words of both are common (Jaccard index). A search with no passage at all brings nothing
 * new either.
 */
export function redundantQueries(searches: readonly ReadSearch[]): RedundantQuery[] {
  const result: RedundantQuery[] = [];
  const keys = new Set<string>();
  const bags: ReadonlySet<string>[] = [];
  const seen = new Set<string>();
  for (const [index, search] of searches.entries()) {
    const key = normalizeAnswer(search.query);
    const words = new Set(key.split(' '));
    const contents = search.passages?.map((passage) => passage.contents) ?? null;
    if (index > 0) {
      if (keys.has(key)) result.push({ search, kind: 'repeated' });
      else if (bags.some((bag) => jaccard(bag, words) >= nearDuplicate)) result.push({ search, kind: 'similar' });
      else if (contents?.every((text) => seen.has(text))) result.push({ search, kind: 'nothing-new' });
    }
    if (!keys.has(key)) bags.push(words);
    keys.add(key);
    for (const text of contents ?? []) seen.add(text);
  }
  return result;
}

function jaccard(left: ReadonlySet<string>, right: ReadonlySet<string>): number {
  let common = 0;
  for (const word of left) common += Number(right.has(word));
  return common / (left.size + right.size - common);
}
