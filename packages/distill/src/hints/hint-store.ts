import { readFile, stat } from 'node:fs/promises';
import { ConfigError, DatasetError, writeJsonLines } from '@dgpo/trajectory';
import { normalizeHint } from './check-hint.js';
import type { HintRecord } from './hint-record.js';
import { fieldOf } from './hint-task.js';
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

/** Whether two texts could be more alike than the threshold, from their lengths. */
function couldExceed(text: string, other: string, threshold: number, isLevenshtein: boolean): boolean {
  const [shorter, longer] = text.length < other.length ? [text.length, other.length] : [other.length, text.length];
  // Surrogate pairs count double here, so the bound is kept loose by their share.
  if (/[\ud800-\udfff]/.test(text + other)) return true;
  if (longer === 0) return true;
  return (isLevenshtein ? shorter / longer : (2 * shorter) / (shorter + longer)) > threshold;
}

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
    const kept: { hint: StoredHint; normal: string }[] = [];
    for (const hint of found) {
      const normal = normalizeHint(hint.text);
      const isSaid = kept.some(
        (other) =>
          couldExceed(normal, other.normal, threshold, similarity === 'levenshtein') &&
          compare(normal, other.normal) > threshold,
      );
      if (!isSaid) kept.push({ hint, normal });
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

/** Writes a store as one line of JSON; readers never see half a file. @throws DatasetError when it cannot be written */
export function saveHintStore(path: string, store: HintStore): Promise<void> {
  return writeJsonLines(path, [store]);
}

const maximumBytes = 64 << 20;
const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;

/** A store as `saveHintStore` wrote it. @throws DatasetError saying where what was expected */
export function readHintStore(value: unknown, where: string): HintStore {
  const expected = (path: string, what: string) =>
    new DatasetError(`${path}: expected ${what}; stores of hints are made by createHintStore`, { where });
  const list = (entries: unknown, path: string): readonly unknown[] => {
    if (Array.isArray(entries)) return entries;
    throw expected(path, 'a list');
  };
  const count = (entry: unknown, path: string) => {
    if (isCount(entry)) return entry;
    throw expected(path, 'a whole number of at least 0');
  };
  const text = (entry: unknown, path: string) => {
    if (typeof entry === 'string' && entry.trim() !== '') return entry;
    throw expected(path, 'a text that is not empty');
  };
  if (fieldOf(value, 'version') !== 1) throw expected('version', '1');
  const names = new Set<string>();
  const categories = list(fieldOf(value, 'categories'), 'categories').map((entry, index): HintCategory => {
    const path = `categories.${index}`;
    const name = text(fieldOf(entry, 'name'), `${path}.name`);
    if (names.has(name)) throw expected(`${path}.name`, 'a name that occurs once');
    names.add(name);
    const hints = list(fieldOf(entry, 'hints'), `${path}.hints`).map((hint, place): StoredHint => {
      const at = `${path}.hints.${place}`;
      return {
        text: text(fieldOf(hint, 'text'), `${at}.text`),
        mentions: count(fieldOf(hint, 'mentions'), `${at}.mentions`),
      };
    });
    const totalMentions = count(fieldOf(entry, 'totalMentions'), `${path}.totalMentions`);
    return { name, hints, totalMentions, removed: count(fieldOf(entry, 'removed'), `${path}.removed`) };
  });
  return { version: 1, categories };
}

/** Reads a store of hints. @throws DatasetError for a file that is missing, larger than 64 MiB or no store */
export async function loadHintStore(path: string): Promise<HintStore> {
  let text: string;
  try {
    const { size } = await stat(path);
    if (size > maximumBytes) throw new Error(`it has ${size} bytes, more than ${maximumBytes}`);
    text = await readFile(path, 'utf8');
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new DatasetError(`the store of hints cannot be read (${why})`, { where: path, cause });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new DatasetError('expected JSON; stores of hints are made by saveHintStore', { where: path, cause });
  }
  return readHintStore(value, path);
}
