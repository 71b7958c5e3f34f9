import type { AnswerValue } from './answer-value.js';
import type { CompareOptions } from './budget.js';
import { equalExpressions } from './equal-expressions.js';
import { type Expression, inRadians, number, operation, substituted, symbolsOf } from './expression.js';
import { type AnswerComparison, some, undecided } from './verdict.js';

type Formula = AnswerValue & { kind: 'expression' };

/** With every symbol in lower case. */
function lowerCase(expression: Expression): Expression {
  const names = symbolsOf(expression).map((name) => [name, { kind: 'symbol', name: name.toLowerCase() }] as const);
  return substituted(expression, new Map(names));
}

/** Units of one letter, which are symbols in a formula. */
const unitLetters = new Map([...'mslLghNJWVAKCF'].map((name) => [name, number(1)]));

const withoutUnits = (expression: Expression) => substituted(expression, unitLetters);

/**
 * Compares two numbers or formulas with what was written behind them. Where the units of the two do not match, values that would be equal
 * with a conversion are undecided.
 */
export function compareFormulas(left: Formula, right: Formula, options: CompareOptions): AnswerComparison {
  const compare = (one: Expression, other: Expression) => equalExpressions({ ...options, left: one, right: other });
  const plain = compare(left.expression, right.expression);
  const isCase =
    plain.verdict === 'different' && compare(lowerCase(left.expression), lowerCase(right.expression)).verdict;
  if (isCase === 'equal') return undecided('the symbols differ in upper and lower case');
  if (left.unit !== '' && right.unit !== '' && left.unit !== right.unit) {
    const reason = `the units differ: ${left.unit} and ${right.unit}`;
    return undecided(reason);
  }
  const hasSymbols = (value: Formula) => symbolsOf(value.expression).length > 0;
  if ((left.unit !== '' && hasSymbols(right)) || (right.unit !== '' && hasSymbols(left))) {
    return undecided('a unit on one side, a symbol on the other');
  }
  if (plain.verdict === 'equal') return plain;
  if (left.isDegrees !== right.isDegrees) {
    const radians = (value: Formula) => (value.isDegrees ? inRadians(value.expression) : value.expression);
    if (compare(radians(left), radians(right)).verdict === 'equal')
      return undecided('degrees on one side, radians on the other');
  }
  if (hasSymbols(left) !== hasSymbols(right)) {
    if (compare(withoutUnits(left.expression), withoutUnits(right.expression)).verdict === 'equal') {
      return undecided('a unit or a symbol on one side alone');
    }
  }
  if (left.isPercent === right.isPercent) return plain;
  const hundredth = (value: Formula) =>
    value.isPercent ? operation('/', value.expression, number(100)) : value.expression;
  return some([plain, compare(hundredth(left), hundredth(right))]);
}
