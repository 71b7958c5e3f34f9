import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { checkPrefixLeaks, firstThoughtPrefix, firstThoughtPrefixes } from './first-thought-prefix.js';

test.each([
  { text: 'First A.\nThen B.\n\nSo C.', expected: 'Thought: First A.\nThen B.\n\n' },
  { text: 'All at once', expected: 'Thought: All at once\n\n' },
  { text: '\n\n  First.\r\n\r\nSo.', expected: 'Thought: First.\n\n' },
  { text: ' \n ', expected: '' },
  { text: '', expected: '' },
])('$text', ({ text, expected }) => {
  expect(firstThoughtPrefix(text)).toBe(expected);
});

property.prop([fc.string({ unit: 'grapheme' })])(
  'agrees with the reference but for blanks at the beginning',
  (text) => {
    const [step = ''] = text.trimStart().replaceAll('\r\n', '\n').split('\n\n');
    expect(firstThoughtPrefix(text)).toBe(step.trim() === '' ? '' : `Thought: ${step}\n\n`);
  },
);

test('by task, without empty ones and failures', () => {
  const chains = [
    { taskId: 'a', text: 'one\n\ntwo' },
    { taskId: 'b', text: null },
    { taskId: 'c', text: '' },
  ];
  expect(firstThoughtPrefixes(chains, { label: '<think>' })).toEqual(new Map([['a', '<think>one\n\n']]));
});

describe('checkPrefixLeaks', () => {
  const leaks = (question: string, goldenAnswers: string[], prefix: string) =>
    checkPrefixLeaks({ tasks: [{ id: 't', question, goldenAnswers }], prefixes: new Map([['t', prefix]]) });

  test.each([
    { answers: ['Lima'], prefix: 'It is Lima.', leaking: true },
    { answers: ['Lima'], prefix: 'It is LIMA, of course', leaking: true },
    { answers: ['Lima'], prefix: 'It is Limassol', leaking: false },
    { answers: ['the Rio Grande'], prefix: 'I think of "Rio-Grande", Rio Grande', leaking: true },
    { answers: ['Cusco', 'Lima'], prefix: 'Lima it is', leaking: true },
    { answers: ['3'], prefix: 'it is 3.', leaking: true },
    { answers: ['3'], prefix: '3.5 or 13 or 1.3 or -3 or 1,300', leaking: false },
    { answers: ['1285'], prefix: 'so 1,285 in all', leaking: true },
    { answers: ['1,285'], prefix: 'so 1285.', leaking: true },
    { answers: ['285'], prefix: 'so 1,285', leaking: false },
    { answers: ['-3'], prefix: 'x = -3', leaking: true },
    { answers: ['\\frac{1}{2}'], prefix: 'which gives $\\frac{1}{2}$', leaking: true },
    { answers: [''], prefix: 'anything', leaking: false },
    { answers: ['naïve'], prefix: 'a naïveté', leaking: false },
  ])('$answers in "$prefix": $leaking', ({ answers, prefix, leaking }) => {
    expect(leaks('What?', answers, prefix).leaking).toEqual(leaking ? ['t'] : []);
  });

  test('answers that the question names are not checked, nor tasks without a prefix or an answer', () => {
    const tasks = [
      { id: 'a', question: 'Is Lima or Cusco older?', goldenAnswers: ['Cusco'] },
      { id: 'b', question: 'Capital?', goldenAnswers: ['Lima'] },
      { id: 'c', question: 'Capital?', goldenAnswers: [] },
      { id: 'd', question: 'Capital?', goldenAnswers: ['Lima'] },
      { id: 'e', question: 'Capital?', goldenAnswers: ['Lima'] },
    ];
    const prefixes = new Map([...'abce'].map((id) => [id, id === 'b' ? 'I search' : 'Lima or Cusco']));
    expect(checkPrefixLeaks({ tasks, prefixes })).toEqual({ checked: 2, leaking: ['e'], share: 0.5 });
    expect(checkPrefixLeaks({ tasks: [], prefixes })).toEqual({ checked: 0, leaking: [], share: 0 });
  });
});
