/** Functions of one argument. `log` has no base written: 10 or e, as the reader pleases. */
export const functionNames = [
  'arcsinh',
  'arccosh',
  'arctanh',
  'arcsin',
  'arccos',
  'arctan',
  'sinh',
  'cosh',
  'tanh',
  'asin',
  'acos',
  'atan',
  'sqrt',
  'cbrt',
  'sin',
  'cos',
  'tan',
  'cot',
  'sec',
  'csc',
  'exp',
  'abs',
  'log',
  'ln',
] as const;

export type FunctionName = (typeof functionNames)[number] | 'negate' | 'factorial' | 'floor' | 'ceil';

/** What an answer computes. */
export type Expression =
  /** A literal: digits with an optional point and an optional exponent of at most three digits. */
  | { kind: 'number'; text: string }
  | { kind: 'constant'; name: 'pi' | 'e' | 'i' | 'infinity' }
  | { kind: 'symbol'; name: string }
  | { kind: 'call'; name: FunctionName; argument: Expression }
  | { kind: 'operation'; operator: '+' | '-' | '*' | '/' | '^'; left: Expression; right: Expression };

/** The parts of an expression, itself included. */
export function* subexpressions(expression: Expression): Generator<Expression> {
  yield expression;
  if (expression.kind === 'call') yield* subexpressions(expression.argument);
  if (expression.kind === 'operation') {
    yield* subexpressions(expression.left);
    yield* subexpressions(expression.right);
  }
}

/** The names of the free symbols, sorted. */
export function symbolsOf(...expressions: Expression[]): string[] {
  const names = expressions.flatMap((expression) =>
    [...subexpressions(expression)].flatMap((part) => (part.kind === 'symbol' ? [part.name] : [])),
  );
  return [...new Set(names)].sort();
}

/** True where a literal is rounded: it has digits behind the point or a negative exponent. */
export function hasDecimals(expression: Expression): boolean {
  return [...subexpressions(expression)].some((part) => part.kind === 'number' && /[.]\d*[1-9]|e-/i.test(part.text));
}

export const number = (value: number | string): Expression => ({ kind: 'number', text: String(value) });

export const call = (name: FunctionName, argument: Expression): Expression => ({ kind: 'call', name, argument });

export const operation = (
  operator: (Expression & { kind: 'operation' })['operator'],
  left: Expression,
  right: Expression,
): Expression => ({ kind: 'operation', operator, left, right });

export const pi: Expression = { kind: 'constant', name: 'pi' };

/** An angle given in degrees. */
export const inRadians = (degrees: Expression): Expression => operation('*', degrees, operation('/', pi, number(180)));

/** What stands in the place of symbols. */
export type Values = ReadonlyMap<string, Expression>;

/** The expression with values in the place of symbols. */
export function substituted(expression: Expression, values: Values): Expression {
  if (expression.kind === 'symbol') return values.get(expression.name) ?? expression;
  if (expression.kind === 'call') return { ...expression, argument: substituted(expression.argument, values) };
  if (expression.kind !== 'operation') return expression;
  const { left, right } = expression;
  return { ...expression, left: substituted(left, values), right: substituted(right, values) };
}
