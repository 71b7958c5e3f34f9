import type { Expression } from './expression.js';

/** An end of an interval. */
export interface Bound {
  value: Expression;
  closed: boolean;
}

/** What an answer says. */
export type AnswerValue =
  /** A number or formula; `unit` is what was written behind it. Degrees are left out of `expression`. */
  | { kind: 'expression'; expression: Expression; isPercent: boolean; isDegrees: boolean; unit: string }
  /** In brackets, in order: a point, an interval, a vector, the rows of a matrix. */
  | { kind: 'sequence'; open: string; close: string; items: AnswerValue[] }
  /** In any order: a set in braces, or values side by side. */
  | { kind: 'collection'; isSet: boolean; items: AnswerValue[] }
  /** A union of intervals, or what an inequality says of its variable; `isListed` where its parts stood side by side. */
  | { kind: 'region'; variable: string; intervals: { lower: Bound; upper: Bound }[]; isListed?: boolean }
  | { kind: 'equation'; left: Expression; right: AnswerValue & { kind: 'expression' } }
  /** A number in another base than ten. */
  | { kind: 'based'; digits: string; base: number }
  | { kind: 'choice'; letter: string }
  | { kind: 'text'; text: string };
