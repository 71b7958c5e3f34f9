import type { AnswerValue } from './answer-value.js';
import type { Expression } from './expression.js';
import { parseExpression } from './parse-expression.js';
import { splitOutside } from './split-answer.js';
import { Undecided } from './undecided.js';

const sign = /\\(?:le|ge|ne)(?![a-z])|<|>/g;

const infinity: Expression = { kind: 'constant', name: 'infinity' };
const minusInfinity: Expression = { kind: 'call', name: 'negate', argument: infinity };

/**
 * An inequality of one symbol as the interval that it leaves: `x > 3`, `3 \le x < 5`. Null where there is no such sign.
 * @throws Undecided for other inequalities
 */
export function parseInequality(text: string): AnswerValue | null {
  const sides = splitOutside(text, sign);
  if (sides.length < 2) return null;
  const signs: readonly string[] = text.match(sign) ?? [];
  const values = sides.map(parseExpression);
  const at = values.findIndex(({ kind }) => kind === 'symbol');
  const variable = values[at];
  const pointsUp = (one: string | undefined) => one === '<' || one === '\\le';
  const isChain = sides.length === 3 && at === 1 && pointsUp(signs[0]) === pointsUp(signs[1]);
  if (variable?.kind !== 'symbol' || signs.length !== sides.length - 1 || !(isChain || sides.length === 2)) {
    throw new Undecided('an inequality that is not about one symbol');
  }
  const unequal = signs.includes('\\ne') ? values[1 - at] : undefined;
  if (unequal !== undefined) {
    if (sides.length > 2) throw new Undecided('an inequality that is not about one symbol');
    const hole = { value: unequal, closed: false };
    const intervals = [
      { lower: { value: minusInfinity, closed: false }, upper: hole },
      { lower: hole, upper: { value: infinity, closed: false } },
    ];
    return { kind: 'region', variable: variable.name, intervals };
  }
  let lower = { value: minusInfinity, closed: false };
  let upper = { value: infinity, closed: false };
  for (const [index, value] of values.entries()) {
    if (index === at) continue;
    const between = signs[Math.min(index, at)];
    const bound = { value, closed: between?.startsWith('\\') ?? false };
    if (pointsUp(between) === index < at) lower = bound;
    else upper = bound;
  }
  return { kind: 'region', variable: variable.name, intervals: [{ lower, upper }] };
}
