import type { AnswerValue } from './answer-value.js';
import type { CompareOptions } from './budget.js';
import { compareFormulas } from './compare-formulas.js';
import { equalExpressions } from './equal-expressions.js';
import { type Expression, number, operation, substituted, symbolsOf, type Values } from './expression.js';
import { type AnswerComparison, different, equal, undecided } from './verdict.js';

type Equation = AnswerValue & { kind: 'equation' };

const difference = ({ left, right }: Equation) => operation('-', left, right.expression);

/** Where the line through the values at 0 and 1 of one symbol meets 0: a root, if the expression is linear in that symbol. */
function rootOf(expression: Expression, name: string, point: Values): Values {
  const [atZero, atOne] = [0, 1].map((value) => substituted(expression, new Map([...point, [name, number(value)]])));
  if (atZero === undefined || atOne === undefined) return point;
  return new Map([...point, [name, operation('/', atZero, operation('-', atZero, atOne))]]);
}

/**
 * Equations that solve for the same symbol are compared by what it is. Others are equal where one is a multiple of the other, and
 * different where a root of one that is linear in a symbol is none of the other; anything else is undecided.
 */
export function compareEquations(left: Equation, right: Equation, options: CompareOptions): AnswerComparison {
  const compare = (one: Expression, other: Expression) =>
    equalExpressions({ ...options, left: one, right: other }).verdict;
  const solved = ({ left: side, right: value }: Equation) =>
    side.kind === 'symbol' && !symbolsOf(value.expression).includes(side.name) ? side.name : null;
  const name = solved(left);
  if (name !== null && name === solved(right)) {
    return compareFormulas(left.right, right.right, options);
  }
  const [one, other] = [difference(left), difference(right)];
  const symbols = symbolsOf(one, other);
  const point: Values = new Map(symbols.map((symbol, index) => [symbol, number(3 + 2 * index)]));
  // f is a multiple of g where f(x) g(p) = g(x) f(p) for a point p with neither f(p) nor g(p) 0.
  const [oneThere, otherThere] = [substituted(one, point), substituted(other, point)];
  const isElsewhere = [oneThere, otherThere].every((value) => compare(value, number(0)) === 'different');
  if (isElsewhere && compare(operation('*', one, otherThere), operation('*', other, oneThere)) === 'equal')
    return equal;
  const isRootOfOne = ([f, g]: readonly [Expression, Expression], symbol: string) => {
    const root = rootOf(f, symbol, point);
    const isRoot = compare(substituted(f, root), number(0)) === 'equal';
    return isRoot && compare(substituted(g, root), number(0)) === 'different';
  };
  const directions = [[one, other] as const, [other, one] as const];
  const differ = directions.some((direction) => symbols.some((symbol) => isRootOfOne(direction, symbol)));
  return differ ? different : undecided('the solutions of the two equations could not be compared');
}
