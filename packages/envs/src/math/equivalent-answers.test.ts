import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { equivalentAnswers } from './equivalent-answers.js';

const verdictOf = (answer: string, goldenAnswer: string) => equivalentAnswers({ answer, goldenAnswer }).verdict;

/** Both ways round: which of the two is golden must not matter. */
function expectVerdict(verdict: string, one: string, other: string) {
  expect([verdictOf(one, other), verdictOf(other, one)], `${one} and ${other}`).toEqual([verdict, verdict]);
}

const equalAnswers: Record<string, [string, string][]> = {
  numbers: [
    ['5', '5.0'],
    ['1,234', '1234'],
    ['10,\\!080', '10080'],
    ['11,\\! 111,\\! 111', '11111111'],
    ['10{,}080', '10080'],
    ['.5', '0.50'],
    ['−3', '-3'],
    ['0.333333', '\\frac{1}{3}'],
    ['6.72e-5', '.0000672'],
    ['0.\\overline{3}', '1/3'],
    ['-2.1\\overline{6}', '-\\frac{13}{6}'],
    ['0.\\bar{3}', '0.333333'],
    ['6.72 \\times 10^{-5}', '.0000672'],
  ],
  fractions: [
    ['\\frac43', '4/3'],
    ['\\frac 59', '5/9'],
    ['\\dfrac{-6}{4}', '-1.5'],
    ['2\\frac{1}{2}', '5/2'],
    ['2 1/2', '2.5'],
    ['-2 1/2', '-2.5'],
    ['½', '0.5'],
    ['1/2x', 'x/2'],
  ],
  'percent signs': [
    ['50\\%', '50%'],
    ['50%', '0.5'],
    ['50%', '50'],
    ['50 percent', '50'],
  ],
  'units, money, degrees': [
    ['$18', '18 dollars'],
    ['\\$32,\\!348', '32348'],
    ['864 \\mbox{ inches}^2', '864'],
    ['15 cm^2', '15 cm²'],
    ['12 apples', '12 apple'],
    ['90^\\circ', '90'],
    ['90°', '90^{\\circ}'],
    ['\\frac{270}7\\text{ degrees}', '270/7'],
    ['\\sin 30^\\circ', '1/2'],
    ['90^\\circ', '90 \\text{ degrees}'],
    ['60 km/h', '60'],
  ],
  'roots, pi and powers': [
    ['3\\sqrt{13}', '\\sqrt{117}'],
    ['sqrt(2)/2', '\\frac{1}{\\sqrt2}'],
    ['\\sqrt{2}+\\sqrt{3}', '\\sqrt{5+2\\sqrt{6}}'],
    ['12^{1/7}', '\\sqrt[7]{12}'],
    ['\\sqrt[3]{-8}', '-2'],
    ['2π', '2 \\cdot pi'],
    ['2^{2008} - 2', '2(2^{2007}-1)'],
    ['5!', '120'],
    ['\\binom{5}{2}', '10'],
    ['{10 \\choose 3}', '120'],
    ['2{10 \\choose 3} + 1', '241'],
    ['2^10', '2**10'],
    ['(1+2i)(3-i)', '5+5i'],
    ['\\lfloor 5/2 \\rfloor', '2'],
  ],
  formulas: [
    ['x^2-2x+1', '(x-1)^2'],
    ['ab', 'b a'],
    ['x_{1}+x_2', 'x_2 + x_1'],
    ['\\cot x', '\\frac{\\cos x}{\\sin x}'],
    ['\\sin^2 x+\\cos^2 x', '1'],
    ['\\sin^{-1} x', '\\arcsin x'],
    ['\\sin^{-2} x', '\\csc^2 x'],
    ['\\log 4', '2 \\log 2'],
    ['\\log_2 8', '3'],
    ['x^{-1}', '1/x'],
    ['2θ + α', '\\alpha + 2\\theta'],
  ],
  'several values': [
    ['3, 5, 7', '7,5,3'],
    ['3 \\text{ or } 5', '5, 3'],
    ['\\{1,2\\}', '{2, 1}'],
    ['\\emptyset', '\\varnothing'],
    ['∅', '\\{\\}'],
    ['\\text{3, 5}', '5, 3'],
    ['\\text{(A), (B)}', '(A), (B)'],
    ['\\text{A and C}', 'C, A'],
    ['1 \\pm \\sqrt{19}', '1-\\sqrt{19}, 1+\\sqrt{19}'],
    ['[3, 5, 7]', '3, 5, 7'],
    ['(3, 5)', '3, 5'],
    ['(100,101)', '(100, 101)'],
    ['\\left( 3, \\frac{\\pi}{2} \\right)', '(3, pi/2)'],
  ],
  'intervals and inequalities': [
    ['(2,\\infty)', 'x > 2'],
    ['-3 < x \\le 4', '(-3,4]'],
    ['4 >= x > -3', 'x \\in (-3,4]'],
    ['(-\\infty,-8]\\cup [8,\\infty)', '[8,\\infty)\\cup(-\\infty,-8]'],
    ['[1,2]\\cup[2,3]', '[1,3]'],
    ['x<-2 \\text{ or } x>2', '(-\\infty,-2)\\cup(2,\\infty)'],
    ['x<-2, x>2', '(2,\\infty)\\cup(-\\infty,-2)'],
    ['(-\\infty,1),(2,\\infty)', '(-\\infty,1)\\cup(2,\\infty)'],
    ['(-\\infty,1),(2,\\infty)', 'x<1 \\text{ or } x>2'],
    ['(1,2)\\cup\\{2\\}', '(1,2]'],
    ['((0,1)\\cup(2,3))\\cup(4,5)', '(0,1)\\cup(2,3)\\cup(4,5)'],
    ['\\mathbb{R}', '(-\\infty,\\infty)'],
    ['x \\ne 3', 'x \\neq 3'],
    ['3 ≠ x', '(-\\infty,3)\\cup(3,\\infty)'],
    ['x \\ne \\pm 2', 'x \\ne 2, x \\ne -2'],
  ],
  matrices: [
    ['\\begin{pmatrix} -1 & 0 \\\\ 0 & 1 \\end{pmatrix}', '\\begin{bmatrix}-1&0\\\\0&1\\end{bmatrix}'],
    ['\\left[\\begin{matrix}-1\\\\0\\end{matrix}\\right]', '\\begin{pmatrix} -1 \\\\ 0 \\end{pmatrix}'],
    ['[5]', '5'],
    ['[[-1, 0], [0, 1]]', '\\begin{pmatrix} -1 & 0 \\\\ 0 & 1 \\end{pmatrix}'],
  ],
  equations: [
    ['x=5', '5'],
    ['f(x) = x+1', 'x+1'],
    ['y=2x+3', 'y=3+2x'],
    ['5x-7y+4=0', '14y-10x=8'],
    ['x = 2 \\cdot 3 = 6', '6'],
    ['x = 50\\%', '0.5'],
    ['x = 50\\%', 'x = 0.5'],
  ],
  'choices, words, bases': [
    ['(C)', 'C'],
    ['\\text{(C)}', 'C.'],
    ['C) 12', 'C'],
    ['c', '(C)'],
    ['\\text{Evelyn}', 'evelyn'],
    ['\\text{east}', 'the east'],
    ['\\text{June 20, 2020}', 'June 20 2020'],
    ['1/2 dozen', '0.5 dozen'],
    ['2\\frac12 \\text{ dozen}', '2 1/2 dozen'],
    ['5.0 \\text{ million}', '5 million'],
    ['1,500 people went', '1500 people went'],
    ['I have 5 apples!', 'i have 5 apples'],
    ['3 : 4', '3:4'],
    ['52_8', '52_{8}'],
    ['\\boxed{\\frac{\\sqrt{2}}{2}}', '$\\sqrt{2}/2$'],
  ],
};

describe.each(Object.entries(equalAnswers))('equal: %s', (_, pairs) => {
  test.each(pairs)('%s and %s', (one, other) => expectVerdict('equal', one, other));
});

test.each([
  ['13138980', '13138981'],
  ['0.33', '1/3'],
  ['3.14', '\\pi'],
  ['2^{4181}', '2^{4180}'],
  ['0.000000000000000000000000000000001', '0.000000000000000000000000000000002'],
  ['1e999', '2e999'],
  ['50%', '0.05'],
  ['p-q', 'q-p'],
  ['\\sqrt{x^2}', 'x'],
  ['x+1', 'y+1'],
  ['(1,2,3)', '(2,1,3)'],
  ['1, 2', '1, 2, 3'],
  ['(3,4]', '(3,4)'],
  ['(0,1)\\cup(1,2)', '(0,2)'],
  ['x<-2 \\text{ or } x>2', '(-\\infty,-2)\\cup(3,\\infty)'],
  ['x<-2 \\text{ or } x>2', 'x>2'],
  ['90^\\circ', '\\frac{\\pi}{3}'],
  ['5x', '5'],
  ['0.\\overline{3}', '0.3'],
  ['0.1\\overline{6}', '0.\\overline{16}'],
  ['\\emptyset', '0'],
  ['\\emptyset', '\\{0\\}'],
  ['x \\ne 3', 'x \\ne 4'],
  ['x \\ne 3', 'x > 3'],
  ['{10 \\choose 3}', '121'],
  ['5 m', '6'],
  ['12 cm - x', '12'],
  ['\\infty', '-\\infty'],
  ['\\pm 2', '2'],
  ['y=2x+1', 'y=2x+2'],
  ['5x-7y+4=0', '5x-7y-4=0'],
  ['A', '(B)'],
  ['even', 'odd'],
  ['1.5 million', '15 million'],
  ['-5 million', '5 million'],
  ['1/2 dozen', '12 dozen'],
  ['2.5 \\text{ million}', '25 \\text{ million}'],
  ['June 2.0', 'June 20'],
  ['1.000001 million', '1.000002 million'],
  ['open on 6/20/2020', 'open on 3/10/2020'],
  ['version 1.2.3', 'version 1.2.30'],
  ['52_8', '53_8'],
  ['(1,2)', '3'],
  ['6-5i', '6+5i'],
])('different: %s and %s', (one, other) => expectVerdict('different', one, other));

test.each([
  ['five', '5', 'text'],
  ['5 km', '5 miles', 'units differ'],
  ['5 million', '5', 'text'],
  ['5 \\text{ million}', '5', 'text'],
  ['2 and a half', '2', 'text'],
  ['5! million', '5 million', 'signs'],
  ['2^3 million', '2+3 million', 'signs'],
  ['open at 2:30', 'open at 2 30', 'signs'],
  ['(1+2)*3 million', '1+2*3 million', 'signs'],
  ['1 5 million', '15 million', 'more numbers'],
  ['12\\text{ 30 pm}', '12', 'text'],
  ['5 ft 6 in', '6 ft 5 in', 'cannot read'],
  ['1.2.3', '0.36', 'cannot read'],
  ['52_8', '42', 'base'],
  ['\\log 4', '\\ln 4', 'names no base'],
  ['\\ln(x^2)', '2\\ln x', 'for positive values alone'],
  ['\\sqrt{x}\\sqrt{y}', '\\sqrt{xy}', 'for positive values alone'],
  ['(1,2)', '[1,2]', 'a point or an interval'],
  ['(1,2)', '2, 1', 'another order'],
  ['[3, 5]', '3, 5', 'a list or an interval'],
  ['(-2,7]', '-2, 7', 'a list or an interval'],
  ['x>2, x<5', '(2,5)', 'any of them or all'],
  ['[1,2],[2,3]', '[1,3]', 'any of them or all'],
  ['x \\ne 3, x \\ne 5', 'x \\ne 3', 'any of them or all'],
  ['3:4', '6:8', 'cannot read'],
  ['12:30', '12.5', 'cannot read'],
  ['5 Ω', '5', 'text'],
  ['5 m/s', '5', 'a unit or a symbol'],
  ['9.8 m/s^2', '9.8', 'a unit or a symbol'],
  ['90^\\circ', '\\frac{\\pi}{2}', 'radians'],
  ['x = 5 m', '5', 'a unit or a symbol'],
  ['x = 5 km', 'x = 5 miles', 'units differ'],
  ['\\theta = 90^\\circ', '\\frac{\\pi}{2}', 'radians'],
  ['12 apples - b', '12', 'text'],
  ['A: 5, B: 3', 'A: 3, B: 5', 'several letters'],
  ['\\sqrt{23} \\text{ million}', '\\sqrt23 \\text{ million}', 'signs'],
  ['90 \\text{ degrees}', '\\frac{\\pi}{2}', 'radians'],
  ['abc', 'bca', 'same letters'],
  ['3R^2', '3r^2', 'upper and lower case'],
  ['\\begin{pmatrix} 1 \\\\ 2 \\end{pmatrix}', '[1,2]', 'tuple'],
  ['x^2=4', 'x=2', 'equations'],
  ['\\int_0^1 x', '1/2', 'cannot read'],
  ['3 5', '35', 'cannot read'],
  ['\\constructor', '35', 'cannot read'],
  ['2\\frac{7}{3}', '14/3', 'more than one'],
  ['C', '12', 'choice'],
  ['x>2', 'y>2', 'different symbols'],
  ['1/0', '2', 'division by zero'],
  ['', '2', 'empty'],
])('undecided: %s and %s, because %s', (one, other, reason) => {
  expectVerdict('undecided', one, other);
  expect(equivalentAnswers({ answer: one, goldenAnswer: other })).toMatchObject({
    reason: expect.stringContaining(reason),
  });
});

test('the tolerance is for constants with digits behind the point', () => {
  const compare = (answer: string, goldenAnswer: string) =>
    equivalentAnswers({ answer, goldenAnswer, relativeTolerance: 1e-2 }).verdict;
  expect(compare('3.14', '\\pi')).toBe('equal');
  expect(compare('1000', '1001')).toBe('different');
  expect(equivalentAnswers({ answer: '0.333333', goldenAnswer: '1/3', relativeTolerance: 0 }).verdict).toBe(
    'different',
  );
});

const nested = (open: string, close: string, depth: number) => `${open.repeat(depth)}1${close.repeat(depth)}`;

test.each([
  '10^{10^{10}}',
  '9^{9^{9^{9}}}',
  '1e999^{999}',
  '200!!!',
  '(10^{4000})!',
  'x^{5000}',
  '(x+y)^{9000}',
  'e^{e^{e^{e}}}',
  '\\sinh(10^9-\\pi)',
  '1.5^{900000.5}',
  nested('(', ')', 400),
  nested('\\sqrt{', '}', 140),
  nested('2^{', '}', 150),
  nested('\\frac{1}{', '}', 90),
  nested('[', ']', 480),
  '('.repeat(900),
  '-'.repeat(900),
  '|'.repeat(900),
  '1,'.repeat(490),
  '\\pm 1'.repeat(190),
  '\\begin{pmatrix}'.repeat(60),
  `${'\\sin(10^{20}x)+'.repeat(60)}1`,
  `${'1/7919^{300}+'.repeat(70)}1`,
  '1'.repeat(2000),
])('ends soon and calls nothing equal that is not: %.40s', (hostile) => {
  for (const other of ['5', 'x', '(1,2)', '1,2', 'x=3', `${hostile}+7`]) {
    expect(verdictOf(hostile, other), other).not.toBe('equal');
    expect(verdictOf(other, hostile), other).not.toBe('equal');
  }
});

test('long lists end by the budget, not by waiting', () => {
  const list = Array.from({ length: 160 }, (_, index) => `\\sin ${index % 10}`).join(',');
  const other = list.replaceAll('sin', 'cos');
  expect(equivalentAnswers({ answer: list, goldenAnswer: other }).verdict).not.toBe('equal');
});

const pieces = fc.constantFrom(
  ...'0 1 23 . , + - * / ^ _ ! % = < > | ( ) [ ] { } \\{ \\} x y e i \\pi \\frac \\sqrt \\sin \\log \\infty \\pm \\cup \\text{ cm \\le & \\\\ \\begin{pmatrix} \\end{pmatrix} and or $ : \\ne \\emptyset \\choose \\overline{3} \\degree million'.split(
    ' ',
  ),
  ' ',
);
const scribble = fc.array(pieces, { maxLength: 14 }).map((list) => list.join(''));

property.prop([scribble, scribble], { numRuns: 600 })('never throws, and is symmetric', (one, other) => {
  expect(verdictOf(one, other)).toBe(verdictOf(other, one));
});

const polynomial = fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 1, maxLength: 5 });
const written = (coefficients: readonly number[]) =>
  coefficients.map((coefficient, power) => `(${coefficient})x^{${power}}`).join('+');

property.prop([polynomial, polynomial], { numRuns: 40 })(
  'polynomials are equal exactly where their coefficients are',
  (one, other) => {
    const same = Array.from({ length: 5 }, (_, power) => (one[power] ?? 0) === (other[power] ?? 0)).every(Boolean);
    expectVerdict(same ? 'equal' : 'different', written(one), written(other));
    expectVerdict(
      'equal',
      written(one),
      written([...one].reverse()).replaceAll(/x\^\{(\d)\}/g, (_, power) => `x^{${one.length - 1 - Number(power)}}`),
    );
  },
);

property.prop([fc.integer({ min: -999, max: 999 }), fc.integer({ min: 1, max: 99 }), fc.integer({ min: 2, max: 30 })])(
  'a fraction equals its multiples and not its neighbours',
  (top, bottom, factor) => {
    expectVerdict('equal', `\\frac{${top}}{${bottom}}`, `${top * factor}/${bottom * factor}`);
    expectVerdict('different', `\\frac{${top}}{${bottom}}`, `\\frac{${top + 1}}{${bottom}}`);
  },
);

const figure = fc.oneof(
  fc.integer({ min: -99, max: 99 }).map(String),
  fc
    .tuple(fc.integer({ min: -99, max: 99 }), fc.integer({ min: 1, max: 999 }))
    .map(([whole, end]) => `${whole}.${end}`),
  fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 10, max: 99 })).map(([top, end]) => `${top}/${end}`),
  fc.integer({ min: 1, max: 8 }).map((top) => `\\frac{${top}}{9}`),
);
const quotientOf = (text: string) => {
  const [top, bottom = '1'] = text.replace(/\\frac\{(\d)\}\{(\d)\}/, '$1/$2').split('/');
  return Number(top) / Number(bottom);
};
const word = fc.constantFrom('million', 'June', 'apples', 'and', 'dozen', '\\text{ miles }', 'of them,', 'about');

property.prop([fc.array(fc.tuple(word, figure, word), { minLength: 1, maxLength: 3 }), fc.nat(), figure], {
  numRuns: 500,
})('a text with another number in it is never equal', (pieces, place, other) => {
  const at = place % pieces.length;
  const write = (changed: string | null) =>
    pieces
      .map(([before, own, after], index) => `${before} ${index === at ? (changed ?? own) : own} ${after}`)
      .join(' ');
  const upperCase = write(null)
    .toUpperCase()
    .replaceAll(/\\[A-Z]+/g, (command) => command.toLowerCase());
  expect(verdictOf(write(null), upperCase)).not.toBe('different');
  if (quotientOf(pieces[at]?.[1] ?? '') === quotientOf(other)) return;
  expect(verdictOf(write(null), write(other)), `${write(null)} and ${write(other)}`).not.toBe('equal');
  expect(verdictOf(write(other), write(null))).not.toBe('equal');
});
