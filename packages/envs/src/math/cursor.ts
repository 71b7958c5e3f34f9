import { functionNames } from './expression.js';

const longNames =
  'alpha beta gamma delta epsilon varepsilon zeta theta vartheta iota kappa lambda sigma upsilon varphi omega'.split(
    ' ',
  );
const shortNames = 'phi eta mu nu xi rho tau chi psi'.split(' ');
const capitalNames = 'Gamma Delta Theta Lambda Xi Sigma Phi Psi Omega'.split(' ');

/** Greek letters that are symbols; pi is a number. */
export const greekNames: ReadonlySet<string> = new Set([...longNames, ...shortNames, ...capitalNames]);

/** Names that are read without a backslash too, the longest first; `xi` and `nu` are rather products. */
export const plainNames: readonly string[] = [
  ...functionNames,
  ...longNames,
  ...capitalNames.filter((name) => name.length > 3),
  'phi',
  'pi',
  'infty',
  'infinity',
  'inf',
  'oo',
].sort((one, other) => other.length - one.length);

/** A place in a text. Whatever looks or takes skips spaces first. */
export interface Cursor {
  /** Characters before the place. */
  at: number;
  readonly text: string;
  skipSpace(): void;
  /** The next character, '' at the end. */
  next(): string;
  startsWith(token: string): boolean;
  /** Goes past the token where it comes next. */
  take(token: string): boolean;
  /** The LaTeX command that comes next, without its backslash; '' for none. */
  command(): string;
  takeCommand(name: string): boolean;
  /** The name without a backslash that comes next; '' for none. */
  plainName(): string;
}

export function createCursor(text: string): Cursor {
  const cursor: Cursor = {
    at: 0,
    text,
    skipSpace() {
      while (text[cursor.at] === ' ') cursor.at++;
    },
    next() {
      cursor.skipSpace();
      return text[cursor.at] ?? '';
    },
    startsWith(token) {
      cursor.skipSpace();
      return text.startsWith(token, cursor.at);
    },
    take(token) {
      const found = cursor.startsWith(token);
      if (found) cursor.at += token.length;
      return found;
    },
    command() {
      cursor.skipSpace();
      return /^\\([a-zA-Z]+)/.exec(text.slice(cursor.at, cursor.at + 30))?.[1] ?? '';
    },
    takeCommand(name) {
      const found = cursor.command() === name;
      if (found) cursor.at += name.length + 1;
      return found;
    },
    plainName() {
      cursor.skipSpace();
      return plainNames.find((name) => text.startsWith(name, cursor.at)) ?? '';
    },
  };
  return cursor;
}
