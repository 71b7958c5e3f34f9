import type { AnswerValue } from './answer-value.js';
import { equalExpressions } from './equal-expressions.js';
import { type Expression, operation, symbolsOf } from './expression.js';
import { type AnswerComparison, equal, undecided } from './verdict.js';

type Equation = AnswerValue & { kind: 'equation' };

const difference = ({ left, right }: Equation) => operation('-', left, right);

/** Fixed points where both sides are evaluated to find the factor between two equations: the symbols become these numbers. */
function substituted(expression: Expression, values: ReadonlyMap<string, Expression>): Expression {
  if (expression.kind === 'symbol') return values.get(expression.name) ?? expression;
  if (expression.kind === 'call') return { ...expression, argument: substituted(expression.argument, values) };
  if (expression.kind !== 'operation') return expression;
  const { left, right } = expression;
  return { ...expression, left: substituted(left, values), right: substituted(right, values) };
}

/**
 * Equations that solve for the same symbol are compared by what it is; others are equal where one is a multiple of the other. Where it is
 * not, they may still have the same solutions, which stays undecided.
 */
export function compareEquations(
  left: Equation,
  right: Equation,
  options: { relativeTolerance: number; seed: number },
): AnswerComparison {
  const solved = ({ left: side, right: value }: Equation) =>
    side.kind === 'symbol' && !symbolsOf(value).includes(side.name) ? side.name : null;
  const name = solved(left);
  if (name !== null && name === solved(right)) {
    return equalExpressions({ ...options, left: left.right, right: right.right });
  }
  const one = difference(left);
  const other = difference(right);
  const point = new Map(
    symbolsOf(one, other).map((symbol, index) => [symbol, { kind: 'number', text: String(3 + 2 * index) }] as const),
  );
  // f is a multiple of g where f(x) g(p) = g(x) f(p) for a fixed p with f(p) and g(p) other than 0.
  const oneThere = substituted(one, point);
  const otherThere = substituted(other, point);
  const zero: Expression = { kind: 'number', text: '0' };
  const vanishes = [oneThere, otherThere].some(
    (value) => equalExpressions({ ...options, relativeTolerance: 0, left: value, right: zero }).verdict !== 'different',
  );
  const isMultiple = equalExpressions({
    ...options,
    left: operation('*', one, otherThere),
    right: operation('*', other, oneThere),
  });
  return !vanishes && isMultiple.verdict === 'equal' ? equal : undecided('neither equation is a multiple of the other');
}
