import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { equivalentAnswers } from './equivalent-answers.js';

/** [family, golden answer, answer, whether they mean the same or null where conventions differ, math-verify's verdict] */
type Pair = [string, string, string, boolean | null, boolean];

const { pairs } = JSON.parse(readFileSync(new URL('__fixtures__/math-verify.json', import.meta.url), 'utf8')) as {
  pairs: Pair[];
};

const mixedNumber = 'it reads a mixed number without LaTeX as a product or in parts';
const notSimplified = 'it does not simplify powers and products of i';
const regionForGolden = 'it takes an interval for an inequality only where the golden answer is the inequality';
const noBase = 'it drops the base; we do not know which base the number without one is in';
const noTextCommand = 'it reads words without \\text as products of symbols';
const noInequalities = 'it does not take inequalities or intervals side by side for a union';
const notRepeating = 'it does not read repeating decimals';

/** Where the two differ, and why. Ours is equal in all of them but those about bases and about the metre. */
const disagreements: Record<string, string> = {
  '\\frac{47}{4} | 11 3/4': mixedNumber,
  '\\frac{53}{8} | 6 5/8': mixedNumber,
  '\\frac{45}{8} | 5 5/8': mixedNumber,
  '\\frac{93}{8} | 11 5/8': mixedNumber,
  '7 | 7 dollars': 'it knows other units, not this one without \\text',
  '\\frac{1}{2} | \\sin 30^\\circ': 'it drops the degrees and takes the sine of 30 radians',
  '1500 | 1.5e3': 'it does not read e as an exponent inside of LaTeX',
  '2t+5 | 5+2t': 'it takes t for a unit',
  '8t+7 | 7+8t': 'it takes t for a unit',
  '(1+2i)(3-i) | 5+5i': notSimplified,
  '-i | i^3': notSimplified,
  '(2, \\infty) | x > 2': regionForGolden,
  '(-3, \\infty) | x > -3': regionForGolden,
  '52_8 | 52': noBase,
  '2516_9 | 2516': noBase,
  '10001_2 | 10001': noBase,
  '1.5 \\text{ million} | 1.5 million': noTextCommand,
  '\\text{June 20} | June 20': noTextCommand,
  '(-\\infty,-2)\\cup(2,\\infty) | x<-2 \\text{ or } x>2': noInequalities,
  '(-\\infty,1)\\cup(2,\\infty) | (-\\infty,1), (2,\\infty)': noInequalities,
  '5 | 5 m': 'it drops the m; it may be a symbol',
  '\\frac{1}{3} | 0.\\overline{3}': notRepeating,
  '\\frac{1}{6} | 0.1\\overline{6}': notRepeating,
  '\\emptyset | \\varnothing': 'it knows one sign of the empty set',
  'A, B | \\text{(A), (B)}': 'it does not look for several choices inside of \\text',
};

const verdictOf = ([, goldenAnswer, answer]: Pair) => equivalentAnswers({ answer, goldenAnswer }).verdict;

describe.each([...new Set(pairs.map(([family]) => family))])('%s', (name) => {
  const family = pairs.filter(([other]) => other === name);

  test('is right about every pair, and undecided only where conventions differ', () => {
    for (const pair of family) {
      const expected = pair[3] === null ? 'undecided' : pair[3] ? 'equal' : 'different';
      expect(verdictOf(pair), `${pair[1]} and ${pair[2]}`).toBe(expected);
    }
  });

  test('agrees with math-verify except where listed', () => {
    const differing = family.filter((pair) => (verdictOf(pair) === 'equal') !== pair[4]);
    const listed = family.filter(([, golden, answer]) => `${golden} | ${answer}` in disagreements);
    expect(differing).toEqual(listed);
  });
});

test('every listed disagreement is one of the pairs', () => {
  const names = pairs.map(([, golden, answer]) => `${golden} | ${answer}`);
  expect(Object.keys(disagreements).filter((name) => !names.includes(name))).toEqual([]);
});
