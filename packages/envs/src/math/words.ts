import { plainNames } from './cursor.js';

const shortWords = new Set('no is by of to in at it an if so on he we or us my up as am pm ok'.split(' '));
const shortUnits = new Set('cm mm km kg mg ml in ft mi lb oz hr hz am pm mph sec min'.split(' '));
/** Words that change the number before them. */
const parts = 'half halves third thirds quarter quarters fourth fourths fifth fifths percent';
const multiples = 'times dozen hundred thousand million billion trillion squared cubed';
const numericWords = new Set(`and or plus minus over ${parts} ${multiples}`.split(' '));
const known = new Set(plainNames);

/** A run of letters that is a word and not a product of symbols or functions. */
function isWord(letters: string): boolean {
  if (known.has(letters)) return false;
  let rest = letters;
  for (const name of plainNames) rest = rest.replaceAll(name, '');
  if (rest.length <= 1) return rest.length === letters.length ? false : letters.length > 8;
  if (letters.length === 2) return shortWords.has(letters.toLowerCase());
  return letters.length > 3 || /[aeiouy]/i.test(letters);
}

const withoutCommands = (text: string) => text.replaceAll(/\\(?!text)[a-zA-Z]+/g, ' ');

/** True for an answer in words; words that stand behind a number are its unit and do not count. */
export function isText(text: string): boolean {
  if (/\\begin/.test(text)) return false;
  const { rest } = splitUnit(text);
  const joined = withoutCommands(rest)
    .replaceAll(/\\text\{ *,? *(?:and|or) *\}/g, ' ')
    .replaceAll(/\\text\{([^{}]*)\}/g, ' $1 ');
  const runs = joined.match(/[\p{L}']+/gu) ?? [];
  // "or" and "and" may join values, and only do where there are no other words.
  return runs.some((run) => run !== 'and' && run !== 'or' && (isWord(run) || /[^a-zA-Z']/.test(run)));
}

const wordsOf = (text: string) => text.split(/[ /.,-]+/).filter((word) => word !== '');

const changesNumber = (words: readonly string[]) => words.some((word) => numericWords.has(word.toLowerCase()));

/** Cuts what is written behind a number off it: `\text{…}`, or words that are no functions, perhaps squared or cubed. */
export function splitUnit(text: string): { rest: string; unit: string } {
  const none = { rest: text, unit: '' };
  const power = / ?\^ ?(?:\{[23]\}|[23])$/.exec(text)?.[0] ?? '';
  const base = text.slice(0, text.length - power.length);
  const latex = /\\text\{([^{}]*)\} *$/.exec(base);
  const latexWords = wordsOf(latex?.[1] ?? '');
  const hasNumber = latexWords.some((word) => /^\d/.test(word));
  if (latex !== null && latex.index > 0 && !hasNumber && !changesNumber(latexWords)) {
    return { rest: text.slice(0, latex.index).trim(), unit: unitName(latex[1] ?? '', power) };
  }
  let start = base.length;
  while (start > 0 && /[a-zA-Z /.-]/.test(base[start - 1] ?? '')) start -= 1;
  const words = base.slice(start).trim();
  const names = wordsOf(words);
  const first = names[0];
  if (
    first === undefined ||
    changesNumber(names) ||
    // A minus, not a hyphen.
    /-(?![a-zA-Z]{2})/.test(words) ||
    !/[\d)}\]!%]$/.test(base.slice(0, start)) ||
    !/^[a-zA-Z]/.test(words)
  )
    return none;
  const isUnit = shortUnits.has(first.toLowerCase()) || (first.length > 2 && isWord(first));
  return isUnit ? { rest: base.slice(0, start).trim(), unit: unitName(words, power) } : none;
}

/** The same name for a unit in the singular and the plural. */
function unitName(words: string, power: string): string {
  const name = words
    .trim()
    .toLowerCase()
    .replace(/[. ]+$/, '')
    .replace(/s$/, '');
  return `${name}${power.replaceAll(/[ {}]/g, '')}`;
}
