import { kindOfTool, type ToolCall } from './tool-actions.js';

/** `name(` that is no attribute and no definition. */
const call = /(?<![\w.])(?<!def )([A-Za-z_]\w{0,63})\(/g;
/** Bounds on one step, so that no text takes long: calls, and characters of an argument. */
const mostCalls = 200;
const longestArgument = 20_000;
const quotes = ['"""', "'''", '"', "'"];

export interface CodeCall extends ToolCall {
  /** True if the argument is a text or number as it stands, not an expression of which the value is unknown. */
  isLiteral: boolean;
}

/** A literal, what is inside of it being blank, or a number; text that is put together of others is none. */
const literal = /^(?:[rbuRBU]{0,2}(?:"""\s*"""|'''\s*'''|"\s*"|'\s*')|-?[\d._]+)$/;

/**
 * The calls of search and answer tools in Python code, in order, with their first argument: the text of a literal, else the expression as it
 * stands. Literals and comments are not looked into.
 */
export function codeCalls(code: string): CodeCall[] {
  const visible = blankLiterals(code);
  const calls: CodeCall[] = [];
  for (const match of visible.matchAll(call)) {
    const name = match[1] ?? '';
    if (kindOfTool(name) === 'command') continue;
    const start = match.index + match[0].length;
    const end = argumentEnd(visible, start);
    const written = code.slice(start, end).trim();
    const given = written.replace(/^[A-Za-z_]\w{0,63}\s{0,8}=(?!=)\s{0,8}/, '');
    const shown = visible
      .slice(start, end)
      .trim()
      .slice(written.length - given.length);
    calls.push({ name, arguments: literalText(given), isLiteral: literal.test(shown) });
    if (calls.length === mostCalls) break;
  }
  return calls;
}

/** The code with what is inside of strings and comments as blanks, at the same positions. */
function blankLiterals(code: string): string {
  const parts: string[] = [];
  let copied = 0;
  let at = 0;
  while (at < code.length) {
    const quote = quotes.find((mark) => code.startsWith(mark, at));
    if (quote === undefined && code[at] !== '#') {
      at += 1;
      continue;
    }
    const inner = quote === undefined ? at : at + quote.length;
    const end = quote === undefined ? lineEnd(code, at) : literalEnd(code, inner, quote);
    parts.push(code.slice(copied, inner), ' '.repeat(end - inner));
    copied = end;
    at = end + (quote?.length ?? 0);
  }
  return `${parts.join('')}${code.slice(copied)}`;
}

function lineEnd(code: string, from: number): number {
  const end = code.indexOf('\n', from);
  return end === -1 ? code.length : end;
}

function literalEnd(code: string, from: number, quote: string): number {
  for (let at = from; at < code.length; at++) {
    if (code[at] === '\\') at += 1;
    else if (code.startsWith(quote, at) || (quote.length === 1 && code[at] === '\n')) return at;
  }
  return code.length;
}

/** Where the first argument ends: at a comma or bracket of its own depth. */
function argumentEnd(visible: string, from: number): number {
  let depth = 0;
  const end = Math.min(visible.length, from + longestArgument);
  for (let at = from; at < end; at++) {
    const character = visible[at] ?? '';
    if ('([{'.includes(character)) depth += 1;
    if (depth === 0 && ')]},'.includes(character)) return at;
    if (')]}'.includes(character)) depth -= 1;
  }
  return end;
}

function literalText(given: string): string {
  const body = given.replace(/^[rbfuRBFU]{1,2}(?=["'])/, '');
  const quote = quotes.find((mark) => body.startsWith(mark) && body.endsWith(mark) && body.length >= 2 * mark.length);
  if (quote === undefined) return given;
  return body.slice(quote.length, -quote.length).replace(/\\(["'\\])/g, '$1');
}
