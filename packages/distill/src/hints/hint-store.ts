import { ConfigError } from '@dgpo/trajectory';
import { normalizeHint } from './check-hint.js';
import type { HintRecord } from './hint-record.js';
import { levenshteinSimilarity, ratcliffObershelp, type Similarity } from './similarity.js';

/** A hint with the number of episodes that gave it. */
export interface StoredHint {
  text: string;
  mentions: number;
}

export interface HintCategory {
  name: string;
  /** The most frequent first. */
  hints: StoredHint[];
  /** Of all hints, those left out too. */
  totalMentions: number;
  /** Different hints that were left out because a more frequent one says the same. */
  removed: number;
}

/** Hints by family of tasks or category of products; plain JSON. */
export interface HintStore {
  version: 1;
  /** By name, each once. */
  categories: HintCategory[];
}

const similarities: Readonly<Record<string, Similarity>> = {
  'ratcliff-obershelp': ratcliffObershelp,
  levenshtein: levenshteinSimilarity,
};

export interface CreateHintStoreOptions {
  /** Records without a category are left out. */
  records: Iterable<Pick<HintRecord, 'category' | 'hints'>>;
  /** `ratcliff-obershelp` is what the published runs computed, `levenshtein` what their paper says. @default 'ratcliff-obershelp' */
  similarity?: 'ratcliff-obershelp' | 'levenshtein';
  /** A hint that is more alike than this to one that is kept is left out. @default 0.85 */
  threshold?: number;
  /** `reference` counts hints by their exact text; otherwise hints that differ in case or white space alone are one. */
  compat?: 'reference';
}

/** A hint that is kept, made ready to be compared. */
interface KeptHint {
  hint: StoredHint;
  normal: string;
  /** In characters. */
  length: number;
}

/** The most that either similarity of texts of these lengths can be. */
const mostAlike = (length: number, other: number) => (2 * Math.min(length, other)) / (length + other);

/**
 * Counts hints, and leaves out inside each category those that say what a more frequent one says: greedily in the order of frequency,
 * equal counts in the order in which they came.
 *
 * Source: arXiv 2510.01375 and its code, where similarity is Ratcliff and Obershelp's ratio of the normalised texts, above 0.85.
 *
 * @throws ConfigError for an unknown similarity or a threshold that is not from 0 to 1
 */
export function createHintStore(options: CreateHintStoreOptions): HintStore {
  const { compat, records, similarity = 'ratcliff-obershelp', threshold = 0.85 } = options;
  const compare = Object.hasOwn(similarities, similarity) ? similarities[similarity] : undefined;
  if (compare === undefined) {
    throw new ConfigError(`expected ratcliff-obershelp or levenshtein, found ${similarity}`, { where: 'similarity' });
  }
  if (!(threshold >= 0 && threshold <= 1)) {
    throw new ConfigError(`expected a number from 0 to 1, found ${threshold}`, { where: 'threshold' });
  }
  const counts = new Map<string, Map<string, StoredHint>>();
  for (const { category, hints } of records) {
    if (category === null) continue;
    const known = counts.get(category) ?? new Map<string, StoredHint>();
    counts.set(category, known);
    for (const text of hints) {
      const key = compat === 'reference' ? text : normalizeHint(text);
      if (key.trim() === '') continue;
      const hint = known.get(key) ?? { text: text.trim(), mentions: 0 };
      known.set(key, { ...hint, mentions: hint.mentions + 1 });
    }
  }
  const categories = Array.from(counts, ([name, known]): HintCategory => {
    const found = [...known.values()].sort((one, other) => other.mentions - one.mentions);
    const kept: KeptHint[] = [];
    for (const hint of found) {
      const normal = normalizeHint(hint.text);
      const length = Array.from(normal).length;
      const isSaid = kept.some(
        (other) => mostAlike(length, other.length) > threshold && compare(normal, other.normal) > threshold,
      );
      if (!isSaid) kept.push({ hint, normal, length });
    }
    return {
      name,
      hints: kept.map(({ hint }) => hint),
      totalMentions: found.reduce((sum, { mentions }) => sum + mentions, 0),
      removed: found.length - kept.length,
    };
  });
  return { version: 1, categories: categories.sort((one, other) => (one.name < other.name ? -1 : 1)) };
}

/** The hints of a category, the most frequent first; none for one that the store does not know. */
export function hintsOfCategory(store: HintStore, category: string | null): string[] {
  return store.categories.find(({ name }) => name === category)?.hints.map(({ text }) => text) ?? [];
}
