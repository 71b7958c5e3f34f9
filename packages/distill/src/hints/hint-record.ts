import { DatasetError } from '@dgpo/trajectory';
import { fieldOf, type HintDomain } from './hint-task.js';

/** The hints of one failed episode: a line of a file of records. */
export interface HintRecord {
  /** Of the episode. */
  id: string;
  domain: HintDomain;
  /** Null when nobody knows it. */
  category: string | null;
  goal: string;
  /** `rules`, or the model that wrote them. */
  source: string;
  /** May be empty. */
  hints: string[];
  /** Why there are none, or fewer than the model gave. */
  problems?: string[];
  /** Tokens that the model took. */
  tokens?: number;
}

const isText = (value: unknown): value is string => typeof value === 'string';
const isTexts = (value: unknown): value is string[] => Array.isArray(value) && value.every(isText);

/** A record as it was written. @throws DatasetError saying what was expected */
export function readHintRecord(value: unknown, where: string): HintRecord {
  const expected = (key: string, what: string) =>
    new DatasetError(`${key}: expected ${what}; records of hints are written by collectHints`, { where });
  const text = (key: string) => {
    const found = fieldOf(value, key);
    if (isText(found)) return found;
    throw expected(key, 'a text');
  };
  const [category, domain, hints, problems, tokens] = ['category', 'domain', 'hints', 'problems', 'tokens'].map((key) =>
    fieldOf(value, key),
  );
  if (domain !== 'household' && domain !== 'webshop') throw expected('domain', 'household or webshop');
  if (category !== null && !isText(category)) throw expected('category', 'a text or null');
  if (!isTexts(hints)) throw expected('hints', 'a list of texts');
  if (problems !== undefined && !isTexts(problems)) throw expected('problems', 'a list of texts');
  if (tokens !== undefined && typeof tokens !== 'number') throw expected('tokens', 'a number');
  return {
    id: text('id'),
    domain,
    category,
    goal: text('goal'),
    source: text('source'),
    hints,
    ...(problems === undefined ? {} : { problems }),
    ...(tokens === undefined ? {} : { tokens }),
  };
}
