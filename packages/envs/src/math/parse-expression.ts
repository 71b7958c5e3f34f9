import { createCursor, greekNames } from './cursor.js';
import {
  call,
  type Expression,
  type FunctionName,
  functionNames,
  inRadians,
  number,
  operation,
  pi,
} from './expression.js';
import { Undecided } from './undecided.js';

const maxDepth = 50;
const maxParts = 200;

const infinity: Expression = { kind: 'constant', name: 'infinity' };

const constants = new Map<string, Expression>([
  ['pi', pi],
  ['infty', infinity],
  ['infinity', infinity],
  ['inf', infinity],
  ['oo', infinity],
]);

const brackets = [
  ['(', ')'],
  ['[', ']'],
  ['{', '}'],
] as const;

const functions = new Map<string, FunctionName>(functionNames.map((name) => [name, name]));

const isOne = (expression: Expression) => expression.kind === 'number' && expression.text === '1';

const isInteger = (expression: Expression) => expression.kind === 'number' && /^\d+$/.test(expression.text);

/**
 * Reads a formula in LaTeX or plain text, cleaned already: sums, products (also by writing side by side), fractions, mixed numbers,
 * powers, roots, logarithms, trigonometric functions, absolute values, factorials and binomials. A slash binds like a product
 * (`1/2x` is half of x), an exponent takes a whole number (`x^23`), an argument of `\frac` or `\sqrt` without braces one digit, and a whole
 * number before a fraction of two whole numbers makes a mixed number.
 * @throws Undecided for anything else, and for what is nested deeper than 50 or has more than 200 parts.
 */
export function parseExpression(text: string): Expression {
  const cursor = createCursor(text);
  const { skipSpace, next, startsWith, take, command, takeCommand, plainName } = cursor;
  let depth = 0;
  let parts = 0;

  const fail = (): never => {
    const found = cursor.at < text.length ? `at "${text.slice(cursor.at, cursor.at + 20)}"` : 'at its end';
    throw new Undecided(`cannot read "${text.length > 40 ? `${text.slice(0, 40)}…` : text}" ${found}`);
  };
  const deeper = <T>(read: () => T): T => {
    depth += 1;
    parts += 1;
    if (depth > maxDepth) throw new Undecided(`nested deeper than ${maxDepth}`);
    if (parts > maxParts) throw new Undecided(`more than ${maxParts} parts`);
    const value = read();
    depth -= 1;
    return value;
  };
  const closed = (close: string) => {
    const value = sum();
    if (!take(close)) fail();
    return value;
  };

  /** Digits that repeat: `0.1\overline{6}` is 15/90. */
  const repeating = (): Expression | null => {
    const found = /^(\d*)\.(\d*)\\(?:overline|bar) ?\{(\d+)\}/.exec(text.slice(cursor.at));
    if (found === null) return null;
    const [all, whole = '', decimals = '', period = ''] = found;
    cursor.at += all.length;
    const shift = `1${'0'.repeat(decimals.length)}`;
    const once = number(`0${whole}${decimals}`);
    const rest = operation('/', number(period), number('9'.repeat(period.length)));
    return operation('/', operation('+', once, rest), number(shift));
  };

  const literal = (): Expression => {
    skipSpace();
    const fractionOfDigits = repeating();
    if (fractionOfDigits !== null) return fractionOfDigits;
    const found = /^(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d{1,3}(?!\d))?/.exec(text.slice(cursor.at))?.[0];
    if (found === undefined) return fail();
    cursor.at += found.length;
    return number(found.startsWith('.') ? `0${found}` : found);
  };

  /** What a LaTeX command takes: a group in braces, or one character or command. */
  const latexArgument = (): Expression =>
    deeper(() => {
      if (take('{')) return closed('}');
      const digit = next();
      if (!/\d/.test(digit)) return atom();
      cursor.at += 1;
      return number(digit);
    });

  const fraction = (): Expression => {
    const top = latexArgument();
    return operation('/', top, latexArgument());
  };

  const root = (isLatex: boolean): Expression => {
    const index = isLatex && take('[') ? closed(']') : null;
    const radicand = isLatex && !startsWith('(') ? latexArgument() : deeper(atom);
    if (index === null) return call('sqrt', radicand);
    if (index.kind === 'number' && index.text === '3') return call('cbrt', radicand);
    return operation('^', radicand, operation('/', number(1), index));
  };

  /** `n` choose `k` of whole numbers, as a quotient of factorials. */
  const binomial = (n: Expression, k: Expression): Expression => {
    const below = operation('*', call('factorial', k), call('factorial', operation('-', n, k)));
    return operation('/', call('factorial', n), below);
  };

  /** The argument of a function without brackets: what stands side by side, up to an operator, a bracket or the next function. */
  const bareArgument = (): Expression => {
    let product = power();
    while (startsFactor() && !startsWith('(') && !startsWith('[') && !startsFunction()) {
      product = operation('*', product, power());
    }
    return product;
  };

  const functionCall = (name: FunctionName): Expression => {
    const base = name === 'log' && take('_') ? latexArgument() : null;
    const exponent = take('^') ? exponentArgument() : null;
    const isBracketed = startsWith('(') || startsWith('{') || startsWith('[') || startsWith('|');
    const argument = deeper(isBracketed ? atom : bareArgument);
    if (base !== null) return raised(operation('/', call('ln', argument), call('ln', base)), exponent);
    const isInverse =
      exponent?.kind === 'call' &&
      exponent.name === 'negate' &&
      isOne(exponent.argument) &&
      /^(sin|cos|tan)h?$/.test(name);
    const inverse = functions.get(`arc${name}`);
    return isInverse && inverse !== undefined ? call(inverse, argument) : raised(call(name, argument), exponent);
  };

  const raised = (base: Expression, exponent: Expression | null) =>
    exponent === null ? base : operation('^', base, exponent);

  const symbol = (name: string): Expression => {
    if (!take('_')) return { kind: 'symbol', name };
    const group = /^\{([a-zA-Z0-9]{1,8})\}|^([a-zA-Z0-9])/.exec(text.slice(cursor.at, cursor.at + 12));
    if (group === null) return fail();
    cursor.at += group[0].length;
    return { kind: 'symbol', name: `${name}_${group[1] ?? group[2]}` };
  };

  const named = (name: string, length: number, isLatex: boolean): Expression | null => {
    const start = cursor.at;
    cursor.at += length;
    if (name === 'sqrt') return root(isLatex);
    const known = functions.get(name);
    if (known !== undefined) return functionCall(known);
    if (greekNames.has(name)) return symbol(name);
    const constant = constants.get(name) ?? null;
    if (constant === null) cursor.at = start;
    return constant;
  };

  /** Behind an opening brace. */
  const group = (): Expression => {
    const value = sum();
    if (take('}')) return value;
    return takeCommand('choose') ? binomial(value, closed('}')) : fail();
  };

  const atom = (): Expression =>
    deeper(() => {
      for (const [open, close] of brackets) if (take(open)) return close === '}' ? group() : closed(close);
      if (take('|')) return call('abs', closed('|'));
      if (takeCommand('lfloor')) return call('floor', closed('\\rfloor'));
      if (takeCommand('lceil')) return call('ceil', closed('\\rceil'));
      if (takeCommand('frac')) return fraction();
      if (takeCommand('binom')) {
        const n = latexArgument();
        return binomial(n, latexArgument());
      }
      const latex = command();
      if (latex !== '') return named(latex, latex.length + 1, true) ?? fail();
      if (/[\d.]/.test(next())) return literal();
      const plain = plainName();
      if (plain !== '') return named(plain, plain.length, false) ?? fail();
      const letter = next();
      if (!/[a-zA-Z]/.test(letter)) return fail();
      cursor.at += 1;
      if (letter === 'i' && !startsWith('_')) return { kind: 'constant', name: 'i' };
      if (letter === 'e' && !startsWith('_')) return { kind: 'constant', name: 'e' };
      return symbol(letter);
    });

  const exponentArgument = (): Expression =>
    deeper(() => {
      if (take('{')) return closed('}');
      if (take('-')) return call('negate', power());
      return power();
    });

  const power = (): Expression => {
    let base = atom();
    for (;;) {
      if (!startsWith('!=') && take('!')) base = call('factorial', base);
      else if (takeCommand('degree')) base = inRadians(base);
      else break;
    }
    return take('^') ? operation('^', base, exponentArgument()) : base;
  };

  const unary = (): Expression =>
    deeper(() => {
      if (take('-')) return call('negate', unary());
      if (take('+')) return unary();
      return power();
    });

  const startsFunction = () => functions.has(command()) || (command() === '' && functions.has(plainName()));

  /** True where another factor stands side by side with the one before. */
  const startsFactor = () => {
    if (/^$|[)\]}|,=+\-*/^_!%:<>]/.test(next())) return false;
    return !/^(?:cdot|times|div|rfloor|rceil|degree|choose)$/.test(command());
  };

  /** The fraction that makes the whole number before it a mixed number; null, and nothing read, where there is none. */
  const mixedFraction = (): Expression | null => {
    const start = cursor.at;
    const plain = /^ *(\d+) ?\/ ?(\d+)(?![\d.^!])/.exec(text.slice(start));
    if (plain !== null) {
      cursor.at += plain[0].length;
      return properFraction(number(plain[1] ?? ''), number(plain[2] ?? ''));
    }
    const value = command() === 'frac' ? atom() : null;
    if (value?.kind === 'operation' && isInteger(value.left) && isInteger(value.right) && !startsWith('^')) {
      return properFraction(value.left, value.right);
    }
    cursor.at = start;
    return null;
  };

  /** After a whole number, 7/3 may be a factor or a part. */
  const properFraction = (top: Expression, bottom: Expression): Expression => {
    const [one, other] = [top, bottom].map((part) => (part.kind === 'number' ? Number(part.text) : 0));
    if ((one ?? 0) >= (other ?? 0)) throw new Undecided('a whole number before a fraction that is more than one');
    return operation('/', top, bottom);
  };

  const product = (): Expression => {
    let isWholeNumber = /^ *[+-]? *\d+(?![\d.^!])/.test(text.slice(cursor.at));
    let left = unary();
    for (;;) {
      if (take('*') || takeCommand('cdot') || takeCommand('times')) left = operation('*', left, unary());
      else if (take('/') || takeCommand('div')) left = operation('/', left, unary());
      else if (startsFactor()) {
        const part = isWholeNumber ? mixedFraction() : null;
        if (part !== null) {
          const isNegative = left.kind === 'call' && left.name === 'negate';
          left = operation(isNegative ? '-' : '+', left, part);
        } else {
          // Two numbers side by side are no product (`3 5`, `1.2.3`), nor is a number behind a letter (`2 h 30 m`).
          if (/[\d.]/.test(next()) && /[\w.] *$/.test(text.slice(0, cursor.at))) fail();
          left = operation('*', left, power());
        }
      } else return left;
      isWholeNumber = false;
    }
  };

  const sum = (): Expression =>
    deeper(() => {
      let left = product();
      for (;;) {
        if (take('+')) left = operation('+', left, product());
        else if (take('-')) left = operation('-', left, product());
        else return left;
      }
    });

  const expression = sum();
  return next() !== '' ? fail() : expression;
}
