import { DatasetError } from '@dgpo/trajectory';

/** A parenthesised list or a word of PDDL, lower-cased, with the line it begins on (from 1). */
export type Expression = { line: number; word: string } | { line: number; items: Expression[] };

/** Texts longer than this are refused; problems of scanned rooms have some 100,000 characters. */
const maxProblemCharacters = 4_000_000;
const maxDepth = 100;

/** Where something is wrong in a problem: `game.tw-pddl, pddl_problem line 12`. */
export type Place = (line: number) => string;

/**
 * Reads one expression of PDDL; comments run from a semicolon to the end of the line.
 *
 * @throws DatasetError with the line, for parentheses that do not match, text around the expression, and texts beyond the caps
 */
export function parseExpression(text: string, place: Place): Expression {
  if (text.length > maxProblemCharacters) {
    throw new DatasetError(`at most ${maxProblemCharacters} characters were expected, not ${text.length}`, {
      where: place(1),
    });
  }
  const root: Expression[] = [];
  const open: { line: number; items: Expression[] }[] = [];
  let line = 1;
  for (const [token] of text.matchAll(/\n|;[^\n]*|[()]|[^\s();]+/g)) {
    const siblings = open.at(-1)?.items ?? root;
    if (token === '\n') line++;
    else if (token === '(') {
      if (open.length === maxDepth)
        throw new DatasetError(`at most ${maxDepth} levels were expected`, { where: place(line) });
      const list = { line, items: [] };
      siblings.push(list);
      open.push(list);
    } else if (token === ')') {
      if (!open.pop()) throw new DatasetError('")" without "("', { where: place(line) });
    } else if (!token.startsWith(';')) siblings.push({ line, word: token.toLowerCase() });
  }
  const unclosed = open.at(-1);
  if (unclosed) throw new DatasetError('"(" without ")"', { where: place(unclosed.line) });
  const [expression, more] = root;
  if (!expression || !('items' in expression))
    throw new DatasetError('"(define …)" was expected', { where: place(expression?.line ?? 1) });
  if (more) throw new DatasetError('nothing was expected after the last ")"', { where: place(more.line) });
  return expression;
}

/** The words of a list that has nothing but words, or null. */
export function wordsOf(expression: Expression): string[] | null {
  if (!('items' in expression)) return null;
  const words = expression.items.flatMap((item) => ('word' in item ? [item.word] : []));
  return words.length === expression.items.length ? words : null;
}

/** The first word of a list, such as `:init`. */
export function headOf(expression: Expression): string {
  const head = 'items' in expression ? expression.items[0] : undefined;
  return head && 'word' in head ? head.word : '';
}
