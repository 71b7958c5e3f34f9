import { cleanAnswer } from './clean-answer.js';
import { compareValues } from './compare-values.js';
import { parseAnswer } from './parse-answer.js';
import { Undecided } from './undecided.js';
import { type AnswerComparison, equal, undecided } from './verdict.js';

export interface EquivalentAnswersOptions {
  answer: string;
  goldenAnswer: string;
  /**
   * How far two constants may be apart, relative to the larger, where one of them is written with digits behind the point.
   * @default 5e-6, six significant digits
   */
  relativeTolerance?: number;
  /** Of the points at which formulas are compared. @default 0 */
  seed?: number;
}

/** About a second of computing. */
const maxUnits = 300_000;

/** Characters of an answer; longer ones are undecided unless they are the same. */
const maxCharacters = 1000;

/**
 * Whether two answers to a question of mathematics say the same: `equal`, `different`, or `undecided` with the reason where that
 * cannot be told. It does not throw for what the answers hold, and ends soon.
 *
 * - Numbers in digits, with thousands (`1,234`) or repeating (`0.\overline{3}`), as fractions, mixed numbers, percentages, in scientific
 *   notation; roots, pi, e, i, powers, factorials, binomials, logarithms and trigonometric functions; formulas with free symbols; in LaTeX
 *   or plain text. Fractions are compared exactly, other constants with 50 digits, and formulas by their values at eight seeded points, so
 *   `equal` is there a verdict beyond reasonable doubt and not a proof.
 * - A percent sign on one side alone may mean either: `50%` equals `50` and `0.5`.
 * - Currency signs, degrees and units behind a number are dropped; two different units are undecided, and so are degrees beside the same
 *   angle in radians and a unit of one letter, which may be a symbol (`5 m` and `5`).
 * - Tuples and matrices keep their order; sets, plus-minus and values side by side (`1, 2`) have none; two values in square brackets beside the
 *   same two without are undecided, for they may be an interval. Intervals, their unions and inequalities of one symbol are sets of
 *   numbers; side by side they are a union where they do not overlap.
 * - `x = 5` equals `5`; equations equal their multiples.
 * - Letters A to J are choices (`(C)`, `C.`, `C) 12`); words are compared as `normalizeAnswer` leaves them, the numbers and signs
 *   among them by themselves.
 * @throws ConfigError where `mathjs` is needed and not installed
 */
export function equivalentAnswers(options: EquivalentAnswersOptions): AnswerComparison {
  const { answer, goldenAnswer, relativeTolerance = 5e-6, seed = 0 } = options;
  if (answer.trim() === '' || goldenAnswer.trim() === '') return undecided('an answer is empty');
  if (answer.trim() === goldenAnswer.trim()) return equal;
  if (Math.max(answer.length, goldenAnswer.length) > maxCharacters) {
    return undecided(`an answer is longer than ${maxCharacters} characters`);
  }
  const [left, right] = [cleanAnswer(answer), cleanAnswer(goldenAnswer)];
  if (left === right && left !== '') return equal;
  try {
    return compareValues(parseAnswer(left), parseAnswer(right), {
      relativeTolerance,
      seed,
      budget: { left: maxUnits },
    });
  } catch (error) {
    if (error instanceof Undecided) return undecided(error.message);
    throw error;
  }
}
