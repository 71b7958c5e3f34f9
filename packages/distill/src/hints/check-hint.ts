import { fieldOf, type HintDomain, hintPlaceholders } from './hint-task.js';

/** Longest hint, in characters. */
export const mostCharacters = 120;

/** Lower case, white space as single blanks: hints that agree in this are the same hint. */
export function normalizeHint(text: string): string {
  return text.toLowerCase().trim().replace(/\s+/g, ' ');
}

/** First words that tell a story instead of saying what to do. */
const narrators = new Set('i you we he she it they there this that these those the a an agent player'.split(' '));

/**
 * Names and values of one task that its hints must not give away: the product, its number, the wished values of its options. Numbers
 * such as that of `mug 2` need no list.
 */
export function namesOf(metadata: Readonly<Record<string, unknown>> | undefined): string[] {
  const goal = fieldOf(metadata, 'goal');
  const options = fieldOf(goal, 'options');
  const values = typeof options === 'object' && options !== null ? Object.values(options) : [];
  return [fieldOf(goal, 'asin'), fieldOf(goal, 'name'), ...values].filter(
    (value): value is string => typeof value === 'string' && value.length >= 3,
  );
}

const words = (text: string) =>
  ` ${
    text
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu)
      ?.join(' ') ?? ''
  } `;

/** What is wrong with a hint of a model; null when nothing is. */
export function problemOf(options: { text: string; domain: HintDomain; names?: readonly string[] }): string | null {
  const { text, domain, names = [] } = options;
  const [first] = text.toLowerCase().match(/\p{L}+/u) ?? [];
  if (first === undefined) return 'it has no words';
  if (Array.from(text).length > mostCharacters) return `it is longer than ${mostCharacters} characters`;
  if (/[\r\n]/.test(text)) return 'it has more than one line';
  if (narrators.has(first) && !text.trimStart().startsWith('{'))
    return `it begins with "${first}" and is no instruction`;
  if (/\p{N}/u.test(text)) return 'it has a number';
  const unknown = Array.from(text.matchAll(/\{([^{}]*)\}/g), ([, name = '']) => name).find(
    (name) => !hintPlaceholders[domain].includes(name),
  );
  if (unknown !== undefined) return `{${unknown}} is no placeholder of ${domain}`;
  const own = words(text);
  const named = names.find((name) => words(name).trim() !== '' && own.includes(words(name)));
  return named === undefined ? null : `it names ${JSON.stringify(named)}`;
}
