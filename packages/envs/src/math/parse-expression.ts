import { call, type Expression, type FunctionName, functionNames, number, operation } from './expression.js';
import { Undecided } from './undecided.js';

const maxDepth = 50;
const maxParts = 200;

const greekNames =
  'alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi rho sigma tau upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Sigma Phi Psi Omega'.split(
    ' ',
  );

const pi: Expression = { kind: 'constant', name: 'pi' };

const constants: Record<string, Expression> = {
  pi,
  infty: { kind: 'constant', name: 'infinity' },
  infinity: { kind: 'constant', name: 'infinity' },
  inf: { kind: 'constant', name: 'infinity' },
  oo: { kind: 'constant', name: 'infinity' },
};

const degree = operation('/', pi, number(180));

/** Names that are read without a backslash too; `xi` and `nu` are rather products. */
export const plainNames: string[] = [
  ...functionNames,
  ...Object.keys(constants),
  ...greekNames.filter((name) => name.length > 3 || name === 'phi'),
].sort((one, other) => other.length - one.length);

const functions = new Map<string, FunctionName>(functionNames.map((name) => [name, name]));

const isInteger = (expression: Expression) => expression.kind === 'number' && /^\d+$/.test(expression.text);

/**
 * Reads a formula in LaTeX or plain text, cleaned already: sums, products (also by writing side by side), fractions, mixed numbers,
 * powers, roots, logarithms, trigonometric functions, absolute values, factorials and binomials. A slash binds like a product
 * (`1/2x` is half of x), an exponent takes a whole number (`x^23`), an argument of `\frac` or `\sqrt` without braces one digit, and a whole
 * number before a fraction of two whole numbers makes a mixed number.
 * @throws Undecided for anything else, and for what is nested deeper than 50 or has more than 200 parts.
 */
export function parseExpression(text: string): Expression {
  let at = 0;
  let depth = 0;
  let parts = 0;

  const fail = (): never => {
    const found = at < text.length ? `at "${text.slice(at, at + 20)}"` : 'at its end';
    throw new Undecided(`cannot read "${text.length > 40 ? `${text.slice(0, 40)}…` : text}" ${found}`);
  };
  const skipSpace = () => {
    while (text[at] === ' ') at++;
  };
  const startsWith = (token: string) => {
    skipSpace();
    return text.startsWith(token, at);
  };
  const take = (token: string) => {
    const found = startsWith(token);
    if (found) at += token.length;
    return found;
  };
  /** The LaTeX command here, without its backslash; '' for none. */
  const command = () => {
    skipSpace();
    return /^\\([a-zA-Z]+)/.exec(text.slice(at, at + 30))?.[1] ?? '';
  };
  const takeCommand = (name: string) => {
    const found = command() === name;
    if (found) at += name.length + 1;
    return found;
  };
  const plainName = () => {
    skipSpace();
    return plainNames.find((name) => text.startsWith(name, at)) ?? '';
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

  const literal = (): Expression => {
    skipSpace();
    const found = /^(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d{1,3}(?!\d))?/.exec(text.slice(at))?.[0];
    if (found === undefined) return fail();
    at += found.length;
    return number(found.startsWith('.') ? `0${found}` : found);
  };

  /** What a LaTeX command takes: a group in braces, or one character or command. */
  const latexArgument = (): Expression =>
    deeper(() => {
      if (take('{')) return closed('}');
      skipSpace();
      const digit = text[at];
      if (digit !== undefined && /\d/.test(digit)) {
        at += 1;
        return number(digit);
      }
      return atom();
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
  const binomial = (): Expression => {
    const n = latexArgument();
    const k = latexArgument();
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
    const isInverse = exponent?.kind === 'call' && exponent.name === 'negate' && /^(sin|cos|tan)h?$/.test(name);
    const inverse = functions.get(`arc${name}`);
    return isInverse && inverse !== undefined ? call(inverse, argument) : raised(call(name, argument), exponent);
  };

  const raised = (base: Expression, exponent: Expression | null) =>
    exponent === null ? base : operation('^', base, exponent);

  const symbol = (name: string): Expression => {
    if (!take('_')) return { kind: 'symbol', name };
    const group = /^\{([a-zA-Z0-9]{1,8})\}|^([a-zA-Z0-9])/.exec(text.slice(at, at + 12));
    if (group === null) return fail();
    at += group[0].length;
    return { kind: 'symbol', name: `${name}_${group[1] ?? group[2]}` };
  };

  const named = (name: string, length: number, isLatex: boolean): Expression | null => {
    const start = at;
    at += length;
    if (name === 'sqrt') return root(isLatex);
    const known = functions.get(name);
    if (known !== undefined) return functionCall(known);
    if (name in constants) return constants[name] ?? null;
    if (greekNames.includes(name)) return symbol(name);
    at = start;
    return null;
  };

  const atom = (): Expression =>
    deeper(() => {
      skipSpace();
      for (const [open, close] of [
        ['(', ')'],
        ['[', ']'],
        ['{', '}'],
      ] as const) {
        if (take(open)) return closed(close);
      }
      if (take('|')) return call('abs', closed('|'));
      if (takeCommand('lfloor')) return call('floor', closed('\\rfloor'));
      if (takeCommand('lceil')) return call('ceil', closed('\\rceil'));
      if (takeCommand('frac')) return fraction();
      if (takeCommand('binom')) return binomial();
      const latex = command();
      if (latex !== '') return named(latex, latex.length + 1, true) ?? fail();
      if (/[\d.]/.test(text[at] ?? '')) return literal();
      const plain = plainName();
      if (plain !== '') return named(plain, plain.length, false) ?? fail();
      const letter = text[at];
      if (letter === undefined || !/[a-zA-Z]/.test(letter)) return fail();
      at += 1;
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
      else if (takeCommand('degree')) base = operation('*', base, degree);
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
    skipSpace();
    const next = text[at];
    if (next === undefined || /[)\]}|,=+\-*/^_!%:<>]/.test(next)) return false;
    return !/^(?:cdot|times|div|rfloor|rceil|degree)$/.test(command());
  };

  /** The fraction that makes the whole number before it a mixed number; null, and nothing read, where there is none. */
  const mixedFraction = (): Expression | null => {
    const start = at;
    if (command() === 'frac') {
      const value = atom();
      if (value.kind === 'operation' && isInteger(value.left) && isInteger(value.right) && !startsWith('^'))
        return value;
    } else {
      skipSpace();
      const found = /^(\d+) ?\/ ?(\d+)(?![\d.^!])/.exec(text.slice(at));
      if (found !== null) {
        at += found[0].length;
        return operation('/', number(found[1] ?? ''), number(found[2] ?? ''));
      }
    }
    at = start;
    return null;
  };

  const product = (): Expression => {
    let isWholeNumber = /^ *[+-]? *\d+(?![\d.^!])/.test(text.slice(at));
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
          // Two numbers side by side are not a product.
          if (/\d/.test(text[at] ?? '') && /[\d.] *$/.test(text.slice(0, at))) fail();
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
  skipSpace();
  return at < text.length ? fail() : expression;
}
