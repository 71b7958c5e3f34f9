import type { AnswerValue } from './answer-value.js';
import type { CompareOptions } from './budget.js';
import { compareEquations } from './compare-equations.js';
import { compareFormulas } from './compare-formulas.js';
import { compareRegions } from './compare-regions.js';
import { compareText } from './compare-text.js';
import { regionOf } from './parse-answer.js';
import { type AnswerComparison, different, equal, every, some, undecided } from './verdict.js';

type Of<Kind extends AnswerValue['kind']> = AnswerValue & { kind: Kind };

/** Lazily, so that nothing is compared once the verdict stands. */
function* compared(pairs: Iterable<readonly [AnswerValue, AnswerValue]>, options: CompareOptions) {
  for (const [left, right] of pairs) yield compareValues(left, right, options);
}

function compareItems(left: readonly AnswerValue[], right: readonly AnswerValue[], options: CompareOptions) {
  if (left.length !== right.length) return different;
  const pairs = left.map((item, index) => [item, right[index] ?? item] as const);
  return every(compared(pairs, options));
}

/** Whether each item is one of the others. */
function* within(items: readonly AnswerValue[], others: readonly AnswerValue[], options: CompareOptions) {
  for (const item of items) {
    yield some(
      compared(
        others.map((other) => [item, other] as const),
        options,
      ),
    );
  }
}

/** The same values in any order, however often each is named. */
function compareUnordered(left: readonly AnswerValue[], right: readonly AnswerValue[], options: CompareOptions) {
  const forth = every(within(left, right, options));
  return forth.verdict === 'different' ? forth : every([forth, every(within(right, left, options))]);
}

function compareSequences(left: Of<'sequence'>, right: Of<'sequence'>, options: CompareOptions): AnswerComparison {
  const items = compareItems(left.items, right.items, options);
  const sameBrackets = left.open === right.open && left.close === right.close;
  if (items.verdict !== 'equal' || sameBrackets || left.items.length !== 2) return items;
  const isHalfOpen = [left, right].some(({ open, close }) => (open === '[') !== (close === ']'));
  return isHalfOpen ? different : undecided('two values in round and in square brackets: a point or an interval');
}

type List = Of<'sequence'> | Of<'collection'>;

const isList = (value: AnswerValue): value is List =>
  value.kind === 'sequence' || (value.kind === 'collection' && !value.isSet);

/** One of them in brackets, the other not. */
function compareLists(left: List, right: List, options: CompareOptions): AnswerComparison {
  const ordered = compareItems(left.items, right.items, options);
  const unordered = compareUnordered(left.items, right.items, options);
  if (unordered.verdict !== 'equal') return unordered;
  if (ordered.verdict !== 'equal') return undecided('the same values in another order');
  const isInterval = [left, right].some(
    (value) => value.kind === 'sequence' && `${value.open}${value.close}` !== '()' && regionOf(value) !== null,
  );
  return isInterval ? undecided('two values in square brackets: a list or an interval') : equal;
}

function compareBased(left: Of<'based'>, right: Of<'based'>): AnswerComparison {
  if (left.base === right.base)
    return left.digits.replace(/^0+(?=.)/, '') === right.digits.replace(/^0+(?=.)/, '') ? equal : different;
  return undecided('the numbers are written in different bases');
}

/** A single value and an equation: what the symbol or the formula on its left is said to be. */
function compareWithEquation(
  value: Of<'expression'>,
  equation: Of<'equation'>,
  options: CompareOptions,
): AnswerComparison {
  const { left, right } = equation;
  if (left.kind !== 'symbol') return undecided('an equation and a value');
  return compareFormulas(value, right, options);
}

/** Compares two answers that were read. */
export function compareValues(left: AnswerValue, right: AnswerValue, options: CompareOptions): AnswerComparison {
  if (left.kind === 'expression' && right.kind === 'expression') return compareFormulas(left, right, options);
  if (left.kind === 'choice' && right.kind === 'choice') return left.letter === right.letter ? equal : different;
  if (left.kind === 'text' && right.kind === 'text') return compareText(left.text, right.text, options);
  if (left.kind === 'based' && right.kind === 'based') return compareBased(left, right);
  if (left.kind === 'equation' && right.kind === 'equation') return compareEquations(left, right, options);
  if (left.kind === 'expression' && right.kind === 'equation') return compareWithEquation(left, right, options);
  if (left.kind === 'equation' && right.kind === 'expression') return compareWithEquation(right, left, options);
  if (left.kind === 'sequence' && right.kind === 'sequence') return compareSequences(left, right, options);
  if (left.kind === 'collection' && right.kind === 'collection')
    return compareUnordered(left.items, right.items, options);
  const [leftRegion, rightRegion] = [regionOf(left), regionOf(right)];
  if (leftRegion !== null && rightRegion !== null) return compareRegions(leftRegion, rightRegion, options);
  if (isList(left) && isList(right)) return compareLists(left, right, options);
  for (const [one, other] of [
    [left, right],
    [right, left],
  ] as const) {
    // A single value is the collection of itself.
    if (one.kind === 'collection' && other.kind !== 'text' && other.kind !== 'sequence') {
      return compareUnordered(one.items, [other], options);
    }
    if (one.kind === 'sequence' && one.items.length > 1 && other.kind === 'expression') return different;
    if (one.kind === 'choice' && other.kind === 'expression' && other.expression.kind === 'symbol') {
      return one.letter.toLowerCase() === other.expression.name ? equal : different;
    }
  }
  return undecided(`one is ${describe(left)}, the other ${describe(right)}`);
}

const descriptions: Record<AnswerValue['kind'], string> = {
  expression: 'a number or formula',
  sequence: 'a tuple or interval',
  collection: 'several values',
  region: 'a set of intervals',
  equation: 'an equation',
  based: 'a number in a base of its own',
  choice: 'the letter of a choice',
  text: 'text',
};

const describe = ({ kind }: AnswerValue) => descriptions[kind];
