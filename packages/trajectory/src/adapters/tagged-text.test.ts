import { test as property } from '@fast-check/vitest';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { searchR1Syntax } from './search-r1.js';
import { readTaggedText } from './tagged-text.js';

const read = (text: string) => readTaggedText(text, searchR1Syntax);
const joined = (text: string) => read(text).segments.map((segment) => segment.text);
const brief = (text: string) =>
  read(text).actions.map(({ turn, kind, query, answer, executed }) => [turn, kind, query ?? answer ?? '', executed]);
const notice =
  '\nMy previous action is invalid. If I want to search, I should put the query between <search> and </search>. If I want to give the final answer, I should put the answer between <answer> and </answer>. Let me try again.\n';
const passages =
  '\n\n<information>Doc 1(Title: "Peru") Its money is the sol.\nDoc 2(Title: Lima) A city.</information>\n\n';

test('an episode by hand: two turns, passages as observation with the blanks around them', () => {
  const text = `<think>hm</think><search> money of Peru </search>${passages}<think>so</think><answer> sol </answer>`;
  expect(read(text)).toEqual({
    segments: [
      { kind: 'policy', text: '<think>hm</think><search> money of Peru </search>' },
      { kind: 'observation', text: passages },
      { kind: 'policy', text: '<think>so</think><answer> sol </answer>' },
    ],
    actions: [
      {
        turn: 0,
        kind: 'search',
        text: '<think>hm</think><search> money of Peru </search>',
        query: 'money of Peru',
        executed: true,
        documents: [
          { document: { id: '1', contents: '"Peru"\nIts money is the sol.' }, score: 1 },
          { document: { id: '2', contents: 'Lima\nA city.' }, score: 1 / 2 },
        ],
      },
      { turn: 1, kind: 'answer', text: '<think>so</think><answer> sol </answer>', answer: 'sol', executed: true },
    ],
  });
});

describe('what counts as an action', () => {
  test.each([
    [
      'a tag in a passage does not',
      `<search>q</search>\n<information>say <answer>no</answer></information><answer>a</answer>`,
      [
        [0, 'search', 'q', true],
        [1, 'answer', 'a', true],
      ],
    ],
    [
      'the tags of the message about an invalid turn do not',
      `hm${notice}<answer>a</answer>`,
      [
        [0, 'invalid', '', false],
        [1, 'answer', 'a', true],
      ],
    ],
    [
      'what the environment called invalid is, whatever its tags',
      `<search>q</search${notice}<answer>a</answer>`,
      [
        [0, 'invalid', '', false],
        [1, 'answer', 'a', true],
      ],
    ],
    [
      'passages that nobody asked for are written by the policy',
      `<information>I made this up</information><answer>a</answer>`,
      [[0, 'answer', 'a', true]],
    ],
    ['a search without passages is not executed', `<search>q</search>`, [[0, 'search', 'q', false]]],
    [
      'an empty query is invalid',
      `<search> </search>${passages}<answer>a</answer>`,
      [
        [0, 'invalid', '', false],
        [1, 'answer', 'a', true],
      ],
    ],
    ['an empty answer is an answer', `<answer></answer>`, [[0, 'answer', '', true]]],
    [
      'of two answers the last one stands',
      `<answer>a</answer> no, <answer>b</answer>`,
      [
        [0, 'answer', 'a', false],
        [0, 'answer', 'b', true],
      ],
    ],
    ['of nested tags the inner pair counts', `<search>x <search>q</search>`, [[0, 'search', 'q', false]]],
    ['an answer tag around a query is no answer', `<answer><search>q</search></answer>`, [[0, 'search', 'q', false]]],
    ['a turn of blanks is none', `<search>q</search>${passages}  `, [[0, 'search', 'q', true]]],
    [
      'the message quoted without its end is the policy',
      `My previous action is invalid<answer>a</answer>`,
      [[0, 'answer', 'a', true]],
    ],
  ])('%s', (_, text, expected) => {
    expect(brief(text)).toEqual(expected);
    expect(joined(text).join('')).toBe(text);
  });
});

test('a block of passages that was cut ends where the policy goes on', () => {
  const text =
    '<search>a</search>\n<information>Doc 1(Title: X) cut<think>next</think><search>b</search>\n<information>y</information>';
  expect(joined(text)).toEqual([
    '<search>a</search>',
    '\n<information>Doc 1(Title: X) cut',
    '<think>next</think><search>b</search>',
    '\n<information>y</information>',
  ]);
  expect(read(text).actions.map(({ documents }) => documents?.map(({ document }) => document.contents))).toEqual([
    ['X\ncut'],
    ['y'],
  ]);
});

test('a tag that is never closed says that the text was cut', () => {
  expect(read('<think>x</think><answer>Par').endedBy).toBe('length');
  expect(read('<answer>Paris</answer>').endedBy).toBeUndefined();
});

const piece = fc.constantFrom(
  '<search>',
  '</search>',
  '<answer>',
  '</answer>',
  '<information>',
  '</information>',
  '<think>',
  '</think>',
  notice,
  'My previous action is invalid',
  'Let me try again.',
  ' ',
  '\n',
  'q',
  'Doc 1(Title: a) b',
);

property.prop([fc.array(piece, { maxLength: 40 })], {
  examples: [[[notice, 'My previous action is invalid', 'Let me try again.']]],
})('no text is lost, and every action is one that the policy wrote', (pieces) => {
  const text = pieces.join('');
  const { segments, actions } = read(text);
  expect(segments.map((segment) => segment.text).join('')).toBe(text);
  const own = segments.flatMap((segment) => (segment.kind === 'policy' ? [segment.text] : []));
  for (const action of actions) expect(own.some((written) => written.includes(action.text))).toBe(true);
  for (const { query } of actions)
    if (query !== undefined) expect(own.some((written) => written.includes(query))).toBe(true);
});

test('takes time in proportion to the length, whatever it is made of', () => {
  // Each of these is a trap for a pattern that backtracks or looks ahead again and again: a square of 300,000 would take minutes.
  for (const trap of [
    '<search>a</search>\n<information>',
    '<search>',
    '<information>',
    '   \n',
    'My previous action is invalid',
    '<answer><search>',
  ]) {
    const text = trap.repeat(Math.ceil(300_000 / trap.length));
    expect(joined(text).join('').length).toBe(text.length);
  }
});
