import { normalizeAnswer } from '@dgpo/trajectory';
import type { CompareOptions } from './budget.js';
import { equalExpressions } from './equal-expressions.js';
import { parseExpression } from './parse-expression.js';
import { type AnswerComparison, different, every, undecided } from './verdict.js';

/** A sign that no letter, number or bracket stands before: `x-5` is a difference. */
const minus = String.raw`(?:(?<![\w)\]}])-)?`;
const latexFraction = String.raw`(?:\d+ ?)?\\frac ?(?:\{\d+\}|\d) ?(?:\{\d+\}|\d)`;
/** Perhaps mixed (`2 1/2`). A date (`1/2/2020`) is none. */
const fraction = String.raw`(?<![\d.]|\/ ?)(?:\d+ )?\d+ ?\/ ?\d+(?! ?[/.]?\d| ?\/)`;
/** A version (`1.2.3`) is none. */
const decimal = String.raw`(?<![\d.])\d*\.\d+(?!\.?\d)`;
const numbers = new RegExp(String.raw`${minus}(?:${latexFraction}|${fraction}|${decimal}|\d+)`, 'g');

/** What changes the numbers beside it; a hyphen before a word does not, nor a mark that ends a sentence. */
const signs = /[+*/^=<>|%\\]|-(?!\p{L}{2})|(?<=[0)\]}] *)!|(?<=0 *):(?= *0)/u;
const signsAndPlaces = new RegExp(String.raw`0|[()[\]{}]|${signs.source}`, 'gu');

function read(text: string) {
  const plain = text.replaceAll(/\\text\{([^{}]*)\}/g, ' $1 ');
  const frame = plain.replaceAll(numbers, ' 0 ');
  return {
    numbers: plain.match(numbers) ?? [],
    /** The words, with a 0 in the place of each number. */
    words: normalizeAnswer(frame.replaceAll(/\\text\b|[{}]/g, ' ')),
    signs: signs.test(frame) ? (frame.match(signsAndPlaces) ?? []).join('') : '',
    isPlain: !/[\d\\]/.test(plain),
  };
}

/**
 * Words are compared as `normalizeAnswer` leaves them. That drops signs and points, so numbers are compared apart and exactly, and in a
 * text with numbers or formulas the signs must be the same too.
 */
export function compareText(left: string, right: string, options: CompareOptions): AnswerComparison {
  const [one, other] = [read(left), read(right)];
  if (one.words === '' || other.words === '') return undecided('an answer is empty');
  if (one.words !== other.words) {
    const letters = ({ words }: typeof one) => [...words.replaceAll(/[ 0]/g, '')].sort().join('');
    if (letters(one) !== letters(other)) return different;
    const isReordered = one.numbers.length === other.numbers.length;
    return undecided(isReordered ? 'the same letters in another order' : 'one text has more numbers than the other');
  }
  const isPlain = one.isPlain && other.isPlain;
  if (!isPlain && one.signs !== other.signs) return undecided('the signs in the two texts differ');
  // Each number has left a 0, so there are as many of them.
  const compare = (number: string, index: number) =>
    equalExpressions({
      ...options,
      relativeTolerance: 0,
      left: parseExpression(number),
      right: parseExpression(other.numbers[index] ?? ''),
    });
  return every(one.numbers.map(compare));
}
