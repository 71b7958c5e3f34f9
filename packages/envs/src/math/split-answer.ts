import { Undecided } from './undecided.js';

const maxDepth = 50;
const openers = '([{';
const closers = ')]}';

/** The depth of brackets before each character. Brackets of any kind close each other, as `(3, 4]` needs. */
function depths(text: string): number[] {
  let depth = 0;
  const result = new Array<number>(text.length).fill(0);
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? '';
    if (closers.includes(character)) depth -= 1;
    if (depth < 0) throw new Undecided('a bracket closes what was never opened');
    result[at] = depth;
    if (openers.includes(character)) depth += 1;
    if (depth > maxDepth) throw new Undecided(`nested deeper than ${maxDepth}`);
  }
  if (depth !== 0) throw new Undecided('a bracket is never closed');
  return result;
}

/**
 * Splits at separators that stand outside of all brackets.
 * @throws Undecided where brackets do not match
 */
export function splitOutside(text: string, separator: RegExp): string[] {
  const depth = depths(text);
  const parts: string[] = [];
  let start = 0;
  for (const match of text.matchAll(separator)) {
    if (depth[match.index] !== 0) continue;
    parts.push(text.slice(start, match.index));
    start = match.index + match[0].length;
  }
  parts.push(text.slice(start));
  return parts.map((part) => part.trim());
}

/** The text inside the brackets that enclose all of it, with the brackets; null where none do. */
export function enclosed(text: string): { open: string; close: string; inside: string } | null {
  const open = /^(?:\\\{|[([{])/.exec(text)?.[0];
  const close = /(?:\\\}|[)\]}])$/.exec(text)?.[0];
  if (open === undefined || close === undefined) return null;
  const depth = depths(text);
  const end = text.length - 1;
  for (let at = open.length; at < end; at++) if (depth[at] === 0) return null;
  const inside = text.slice(open.length, text.length - close.length).trim();
  return { open: open.replace('\\', ''), close: close.replace('\\', ''), inside };
}
