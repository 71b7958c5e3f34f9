import { createRandom } from '@dgpo/trajectory';
import { type CompareOptions, spend } from './budget.js';
import { evaluate } from './evaluate.js';
import { type Expression, hasDecimals, subexpressions, symbolsOf } from './expression.js';
import type { Field } from './field.js';
import { fields } from './fields.js';
import { Undecided } from './undecided.js';
import type { AnswerComparison } from './verdict.js';

const points = 8;
/** Points at which two formulas must agree before they count as equal. */
const minPoints = 4;

export interface EqualExpressionsOptions extends CompareOptions {
  left: Expression;
  right: Expression;
}

type AtPoint = 'equal' | 'different' | 'close' | null;

/** How two values compare. The largest magnitude on the way to them bounds their rounding; null where that leaves it open. */
function compareValues<Value>(options: {
  field: Field<Value>;
  left: Value;
  right: Value;
  largest: number;
  tolerance: number;
}): AtPoint {
  const { field, left, right, largest, tolerance } = options;
  const difference = field.subtract(left, right);
  if (field.roundoff === 0) {
    if (field.isZero(difference)) return 'equal';
    const larger = field.size(left) < field.size(right) ? right : left;
    const isClose = tolerance > 0 && field.size(field.divide(difference, larger)) <= tolerance;
    return isClose ? 'close' : 'different';
  }
  const gap = field.size(difference);
  const size = Math.max(field.size(left), field.size(right));
  const noise = Math.max(largest, 1) * field.roundoff * 100;
  // What is left of a sum after almost everything cancelled says nothing.
  if (gap <= noise) return size <= noise || size > noise * 1e4 ? 'equal' : null;
  if (gap <= tolerance * size) return 'close';
  return gap > noise * 1e4 ? 'different' : null;
}

interface PointOptions extends EqualExpressionsOptions {
  index: number;
  symbols: readonly string[];
  logBase: 'e' | '10';
}

/** Compares the two sides in one field at one seeded point. */
function compareIn<Value>(field: Field<Value>, options: PointOptions): AtPoint {
  const { left, right, index, symbols, logBase, seed, budget } = options;
  const random = createRandom(seed).split('math', index);
  const values = new Map(
    symbols.map((name) => {
      const draw = random.split(name);
      // The first half of the points is positive, so that roots and logarithms of symbols are real there; then comes a negative one.
      const isNegative = index === points / 2 || (index > points / 2 && draw.next() < 0.5);
      const quotient = field.divide(field.number(String(101 + draw.integer(1000))), field.number('503'));
      return [name, isNegative ? field.subtract(field.number('0'), quotient) : quotient] as const;
    }),
  );
  const one = evaluate({ expression: left, field, symbols: values, logBase, budget });
  const other = evaluate({ expression: right, field, symbols: values, logBase, budget });
  const tolerance = symbols.length === 0 && (hasDecimals(left) || hasDecimals(right)) ? options.relativeTolerance : 0;
  const largest = Math.max(one.largest, other.largest);
  return compareValues({ field, left: one.value, right: other.value, largest, tolerance });
}

interface PointResult {
  result: AtPoint;
  isReal: boolean;
  reason: string;
}

/** Exact where both sides are fractions, else with 50 digits, else in complex float64. */
function compareAt(options: PointOptions): PointResult {
  let reason = 'the values lie too close to tell';
  spend(options.budget, 50);
  const { rationals, reals, complexes } = fields();
  for (const field of [rationals, reals, complexes] as Field<unknown>[]) {
    try {
      const result = compareIn(field, options);
      if (result !== null) return { result, isReal: field !== complexes, reason: '' };
    } catch (error) {
      if (!(error instanceof Undecided) || options.budget.left < 0) throw error;
      reason = error.message;
    }
  }
  return { result: null, isReal: false, reason };
}

/** The sign of a bare infinity, 0 for anything else. */
function infinitySign(expression: Expression): number {
  if (expression.kind === 'call' && expression.name === 'negate') return -infinitySign(expression.argument);
  return expression.kind === 'constant' && expression.name === 'infinity' ? 1 : 0;
}

function compareWithBase(options: EqualExpressionsOptions, logBase: 'e' | '10'): AnswerComparison {
  const { left, right } = options;
  const symbols = symbolsOf(left, right);
  if (symbols.length === 0) {
    const { result, reason } = compareAt({ ...options, index: 0, symbols, logBase });
    if (result === null) return { verdict: 'undecided', reason };
    return { verdict: result === 'different' ? 'different' : 'equal' };
  }
  const results = Array.from({ length: points }, (_, index) => compareAt({ ...options, index, symbols, logBase }));
  const positive = results.slice(0, points / 2);
  if (positive.some(({ result }) => result === 'different')) return { verdict: 'different' };
  const differs = results.filter(({ result }) => result === 'different');
  if (differs.some(({ isReal }) => isReal)) return { verdict: 'different' };
  if (differs.length > 0) return { verdict: 'undecided', reason: 'the formulas agree for positive values alone' };
  const decided = results.filter(({ result }) => result !== null);
  if (decided.length >= minPoints) return { verdict: 'equal' };
  const reason = results.find(({ result }) => result === null)?.reason;
  return { verdict: 'undecided', reason: reason ?? 'too few points could be compared' };
}

/**
 * Compares two formulas by their values: constants once, formulas with free symbols at eight seeded points (four of them
 * positive). Fractions are exact; everything else is computed with 50 digits or, where it is not real, in complex float64, and equal means equal up to a
 * bound on rounding. Equality of formulas with symbols is thereby a verdict beyond reasonable doubt, not a proof; difference is
 * certain. A `log` without a base must give the same verdict for 10 and e.
 */
export function equalExpressions(options: EqualExpressionsOptions): AnswerComparison {
  const { left, right } = options;
  const signs = [infinitySign(left), infinitySign(right)];
  if (signs.some((sign) => sign !== 0)) return { verdict: signs[0] === signs[1] ? 'equal' : 'different' };
  const natural = compareWithBase(options, 'e');
  const hasLog = [left, right].some((side) =>
    [...subexpressions(side)].some((part) => part.kind === 'call' && part.name === 'log'),
  );
  if (!hasLog || compareWithBase(options, '10').verdict === natural.verdict) return natural;
  return { verdict: 'undecided', reason: 'a logarithm names no base' };
}
