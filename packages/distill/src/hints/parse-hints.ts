import { fieldOf } from './hint-task.js';

/** Longest answer that is looked at, in characters: its end. */
const longestAnswer = 20_000;
/** Places where an object may begin that are tried, from the end. */
const mostStarts = 50;

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The end of the object that begins at `start`; undefined when it does not end. */
function endOfObject(text: string, start: number): number | undefined {
  let depth = 0;
  let isText = false;
  for (let index = start; index < text.length; index++) {
    const character = text[index];
    if (isText) {
      if (character === '\\') index++;
      else if (character === '"') isText = false;
    } else if (character === '"') isText = true;
    else if (character === '{') depth++;
    else if (character === '}' && --depth === 0) return index + 1;
  }
  return undefined;
}

/** The last JSON object in the answer of a model that has a key; undefined without one. Never throws. */
function lastObjectWith(answer: string, key: string): unknown {
  const text = answer.slice(-longestAnswer);
  const whole = parsed(text);
  if (fieldOf(whole, key) !== undefined) return whole;
  let start = text.lastIndexOf('{');
  for (let tries = 0; start >= 0 && tries < mostStarts; tries++) {
    const end = endOfObject(text, start);
    const object = end === undefined ? undefined : parsed(text.slice(start, end));
    if (fieldOf(object, key) !== undefined) return object;
    start = start === 0 ? -1 : text.lastIndexOf('{', start - 1);
  }
  return undefined;
}

/**
 * The texts of `{"hints": [{"text": "…"}]}` in the answer of a model, whatever stands around it; plain strings in the list will do.
 * Empty texts are left out, white space is single blanks. Null when there is no such object. Never throws.
 */
export function parseHints(answer: string): string[] | null {
  const list = fieldOf(lastObjectWith(answer, 'hints'), 'hints');
  if (!Array.isArray(list)) return null;
  return list.flatMap((entry: unknown) => {
    const text = typeof entry === 'string' ? entry : fieldOf(entry, 'text');
    const plain = typeof text === 'string' ? text.trim().replace(/\s+/g, ' ') : '';
    return plain === '' ? [] : [plain];
  });
}

/**
 * The indices, from 0, that a model has chosen out of `count` numbered from 1: those of `{"answer": [3, 1]}`, else all whole numbers in
 * the text. Each once, those out of range left out, at most `k`. Never throws.
 */
export function parseIndices(answer: string, { count, k }: { count: number; k: number }): number[] {
  const list = fieldOf(lastObjectWith(answer, 'answer'), 'answer');
  const numbers: unknown[] = Array.isArray(list)
    ? list
    : (answer.slice(-longestAnswer).match(/(?<![\d.-])\d{1,9}(?![\d.])/g) ?? []);
  const indices = numbers.map(
    (number) => Number(typeof number === 'string' ? number.trim() || Number.NaN : number) - 1,
  );
  return [...new Set(indices)].filter((index) => Number.isInteger(index) && index >= 0 && index < count).slice(0, k);
}
