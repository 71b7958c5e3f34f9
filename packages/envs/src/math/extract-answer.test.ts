import { expect, test } from 'vitest';
import { extractAnswer } from './extract-answer.js';

test.each([
  ['first \\boxed{1}, then \\boxed{\\frac{\\sqrt{2}}{2}}.', '\\frac{\\sqrt{2}}{2}', 'the last box, braces inside'],
  ['\\boxed{7} and then \\boxed{ } and \\boxed{cut off', '7', 'not an empty box, nor one that never closes'],
  ['so \\boxed 5', '5', 'a box of one number without braces'],
  ['\\fbox{x \\} y}', 'x \\} y', 'a brace that is written with a backslash'],
  ['She has 16 - 3 - 4 = <<16-3-4=9>>9 eggs.\n#### 18\n', '18', 'GSM8K'],
  ['#### 1\nwait\n#### 1,234\nThe answer is 5.', '1,234', 'the last mark, before any phrase'],
  ['The answer is 5. So it is. The answer is: $3.50.', '$3.50', 'the last phrase; a point inside a number stays'],
  ['**Answer:** 12 dollars\nbecause of 7', '12 dollars', 'to the end of the line'],
  ['Final answer: **(B)**', '(B)', 'emphasis'],
  ['It costs $1,250.50 in 2 weeks and 3/4 of it is -7%', '-7%', 'the last number'],
  ['we get 1,250.50 at x2 and H2O', '1,250.50', 'no digits that belong to a name'],
  ['so 3/4', '3/4', 'a fraction of digits'],
  ['<think>\\boxed{1}</think><answer>\\boxed{2} </answer> 3', '2', 'the pair of tags is all that counts'],
  ['<answer>Lima</answer>', 'Lima', 'text between tags'],
  ['<answer>1<answer>2</answer>', '2', 'the last tag that opens'],
  ['The answer is 18<|im_end|>\n', '18', 'an end token'],
  ['#### 18</s>', '18', 'another end token'],
])('%j gives %j: %s', (text, answer) => {
  expect(extractAnswer(text)).toBe(answer);
});

test.each(['', 'I do not know.', '\\boxed{', '####', '<answer> </answer>'])('%j has no answer', (text) => {
  expect(extractAnswer(text)).toBeNull();
});

test.each(['<answer>', '1,111', ' ', 'answer is ', '\\boxed{', '####', '1', '-$1', '<|', '\n', '* '])(
  'a flood of %j ends soon',
  (piece) => {
    expect(typeof extractAnswer(`${piece.repeat(30_000)}x`)).toMatch(/string|object/);
  },
);
