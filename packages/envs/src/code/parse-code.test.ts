import { test as propertyTest } from '@fast-check/vitest';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseCode } from './parse-code.js';
import { noCodeMessage } from './prompt.js';

const fence = '```';

describe('parseCode', () => {
  test.each([
    ['a whole turn', `Thought: add them\nCode:\n${fence}python\nx = 1\nx\n${fence}<end_code>`, 'add them', 'x = 1\nx'],
    ['the tag py', `Thought: t\nCode:\n${fence}py\n1\n${fence}`, 't', '1'],
    ['no tag', `${fence}\n1\n${fence}`, '', '1'],
    ['several blocks', `a\n${fence}py\nx = 1\n${fence}\nthen\n${fence}py\nx + 1\n${fence}`, 'a', 'x = 1\n\nx + 1'],
    ['Windows line ends', `t\r\n${fence}py\r\nx = 1\r\nx\r\n${fence}`, 't', 'x = 1\nx'],
    ['what follows the observation', `${fence}py\n1\n${fence}\nObservation:\n${fence}py\n2\n${fence}`, '', '1'],
    [
      'the label in the thought',
      `Thought: about Code: and more\nCode:\n${fence}py\n1\n${fence}`,
      'about Code: and more',
      '1',
    ],
    ['a fence whose end shares the last line', `${fence}py\nprint(1)${fence}`, '', 'print(1)'],
  ])('reads %s', (_, text, thought, code) => {
    expect(parseCode(text)).toEqual({ thought, code, fenced: true });
  });

  test.each([
    ['a block without an end', `Thought: t\nCode:\n${fence}py\nx = 1`],
    ['an empty block', `${fence}py\n${fence}`],
    ['another language', `${fence}json\n{}\n${fence}`],
    ['a thought alone', 'Thought: I know it'],
    ['nothing', ' \n'],
    ['the end alone', '<end_code>'],
  ])('finds no code in %s', (_, text) => {
    expect(parseCode(text).code).toBeNull();
  });

  test('a turn without a fence may be code as a whole', () => {
    expect(parseCode('final_answer(3)<end_code>')).toEqual({ thought: '', code: 'final_answer(3)', fenced: false });
  });

  test('the language decides over the tags', () => {
    expect(parseCode(`${fence}js\n1\n${fence}`, 'javascript').code).toBe('1');
    expect(parseCode(`${fence}py\n1\n${fence}`, 'javascript').code).toBeNull();
  });

  test.each([
    ['final_answer = 3\nfinal_answer(final_answer)', 'final_answer_variable = 3\nfinal_answer(final_answer_variable)'],
    ['final_answer(3)', 'final_answer(3)'],
    ['final_answer = 3', 'final_answer = 3'],
    ['if final_answer == 3: final_answer(1)', 'if final_answer == 3: final_answer(1)'],
    ['my_final_answer = 3\nfinal_answer(my_final_answer)', 'my_final_answer = 3\nfinal_answer(my_final_answer)'],
  ])('a variable gives the name of the function back: %j', (code, expected) => {
    expect(parseCode(`${fence}py\n${code}\n${fence}`).code).toBe(expected);
  });

  const piece = fc.constantFrom(
    fence,
    '`',
    'py',
    'python',
    '\n',
    '\r\n',
    ' ',
    'Thought:',
    'Code:',
    'Observation:',
    '<end_code>',
    'x = 1',
    'final_answer',
    '=',
    '(',
    '\ud800',
  );
  propertyTest.prop([fc.array(fc.oneof(piece, fc.string({ unit: 'binary' })), { maxLength: 30 })])(
    'never throws',
    (pieces) => {
      const { code, fenced } = parseCode(pieces.join(''));
      expect(code === null || (code.trim() === code && code !== '')).toBe(true);
      if (fenced && code !== null) expect(pieces.join('')).toContain(fence);
    },
  );

  propertyTest.prop([
    fc.array(fc.constantFrom('x', ' ', '=', '1', '\n', '(', ')', '`'), { minLength: 1, maxLength: 20 }),
  ])('gives back the code of a turn as it was written', (characters) => {
    const code = characters.join('').replaceAll(fence, '').trim();
    fc.pre(code !== '' && !code.endsWith('`'));
    expect(parseCode(`Thought: t\nCode:\n${fence}python\n${code}\n${fence}<end_code>`).code).toBe(code);
  });

  test('long turns are read in a moment', () => {
    for (const text of [
      `${fence}py\n`.repeat(20_000),
      `${fence}py${'\t'.repeat(100_000)}`,
      ' '.repeat(200_000),
      '`'.repeat(100_000),
    ]) {
      expect(parseCode(text).thought.length).toBeLessThanOrEqual(text.length);
    }
  });
});

test('the help after a turn without code depends on what was meant', () => {
  expect(noCodeMessage('the final answer is 3', 'python')).toContain('call final_answer inside a block');
  expect(noCodeMessage('hm', 'javascript')).toContain('```javascript\nyour code\n```<end_code>');
});
