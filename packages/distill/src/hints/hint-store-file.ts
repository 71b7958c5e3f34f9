import { readFile, stat } from 'node:fs/promises';
import { DatasetError, writeJsonLines } from '@dgpo/trajectory';
import type { HintCategory, HintStore, StoredHint } from './hint-store.js';
import { fieldOf } from './hint-task.js';

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
