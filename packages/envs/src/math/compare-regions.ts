import type { AnswerValue, Bound } from './answer-value.js';
import type { Budget, CompareOptions } from './budget.js';
import { equalExpressions } from './equal-expressions.js';
import { evaluate } from './evaluate.js';
import type { Expression } from './expression.js';
import { fields } from './fields.js';
import { Undecided } from './undecided.js';
import { type AnswerComparison, different, every, undecided } from './verdict.js';

type Region = AnswerValue & { kind: 'region' };
type Interval = Region['intervals'][number];

/** The place of a bound on the line, to bring intervals into order. */
function position(expression: Expression, budget: Budget): number {
  if (expression.kind === 'constant' && expression.name === 'infinity') return Number.POSITIVE_INFINITY;
  if (expression.kind === 'call' && expression.name === 'negate') return -position(expression.argument, budget);
  const { value } = evaluate({ expression, field: fields().complexes, symbols: new Map(), logBase: 'e', budget });
  if (value.im !== 0) throw new Undecided('a bound is not real');
  return value.re;
}

/** The intervals in order, joined where they touch or overlap. */
function merged(intervals: readonly Interval[], budget: Budget): Interval[] {
  const placed = intervals
    .map((interval) => ({
      ...interval,
      from: position(interval.lower.value, budget),
      to: position(interval.upper.value, budget),
    }))
    .sort((one, other) => one.from - other.from || Number(other.lower.closed) - Number(one.lower.closed));
  if (placed.some(({ from, to }) => from > to)) throw new Undecided('the bounds of an interval are in the wrong order');
  const result: typeof placed = [];
  for (const interval of placed) {
    const last = result.at(-1);
    const isApart =
      last === undefined ||
      interval.from > last.to ||
      (interval.from === last.to && !interval.lower.closed && !last.upper.closed);
    if (isApart) {
      result.push(interval);
      continue;
    }
    const isFurther = interval.to > last.to || (interval.to === last.to && interval.upper.closed);
    if (isFurther) result[result.length - 1] = { ...last, upper: interval.upper, to: interval.to };
  }
  return result;
}

/** Parts side by side are a union where they are apart; `x > 2, x < 5` rather means that both hold. */
function unionOf({ intervals, isListed }: Region, budget: Budget): Interval[] {
  const union = merged(intervals, budget);
  if (isListed && union.length < intervals.length) {
    throw new Undecided('intervals or inequalities side by side that overlap: any of them or all');
  }
  return union;
}

/** Compares unions of intervals as sets of numbers. */
export function compareRegions(left: Region, right: Region, options: CompareOptions): AnswerComparison {
  if (left.variable !== '' && right.variable !== '' && left.variable !== right.variable) {
    return undecided('the inequalities are about different symbols');
  }
  const one = unionOf(left, options.budget);
  const other = unionOf(right, options.budget);
  if (one.length !== other.length) return different;
  const compare = (bound: Bound, with_: Bound): AnswerComparison =>
    bound.closed === with_.closed ? equalExpressions({ ...options, left: bound.value, right: with_.value }) : different;
  return every(
    one.flatMap((interval, index) => {
      const counterpart = other[index] ?? interval;
      return [compare(interval.lower, counterpart.lower), compare(interval.upper, counterpart.upper)];
    }),
  );
}
