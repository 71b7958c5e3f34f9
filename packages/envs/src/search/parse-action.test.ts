import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseAction } from './parse-action.js';

const search = (query: string) => ({ kind: 'search', query });
const answer = (text: string) => ({ kind: 'answer', answer: text });
const invalid = { kind: 'invalid' };

test.each([
  ['<search>capital of Peru</search>', search('capital of Peru'), 'a search'],
  ['<answer> Lima\n</answer>', answer('Lima'), 'trimmed'],
  ['<think>hm</think> <search>a\nb</search>', search('a\nb'), 'thought before, several lines'],
  ['no tag at all', invalid, 'no tag'],
  ['', invalid, 'nothing'],
  ['<search>Peru', invalid, 'unclosed'],
  ['Peru</search>', invalid, 'never opened'],
  ['<search>Peru</answer>', invalid, 'closed by the other tag'],
  ['</search>x<search>', invalid, 'closed before opened'],
  ['<search></search>', invalid, 'empty query'],
  ['<search> \n </search>', invalid, 'blank query'],
  ['<search> </search><answer>Lima</answer>', answer('Lima'), 'blank query, then an answer'],
  ['<answer></answer>', answer(''), 'empty answer'],
  ['<search>a</search><answer>b</answer>', search('a'), 'both: the first counts'],
  ['<answer>b</answer><search>a</search>', answer('b'), 'both, the other way round'],
  ['<search><search>a</search>', search('a'), 'opened twice'],
  ['<search>a<answer>b</answer></search>', answer('b'), 'nested: the inner pair'],
  ['<answer><search>a</search></answer>', search('a'), 'nested the other way'],
  ['<search>a<answer>b</search>', invalid, 'crossed'],
  ['<search>a</answer><answer>b</answer>', answer('b'), 'a wrong close, then a whole action'],
  ['<Search>a</Search>', invalid, 'tags are lower case'],
  ['<search >a</search>', invalid, 'tags have no blanks'],
  ['<search>a <b> & </search>', search('a <b> &'), 'other angle brackets are text'],
  ['<search>größe 東京 🗼</search>', search('größe 東京 🗼'), 'unicode'],
  ['<information><answer>x</answer></information>', answer('x'), 'what the policy wrote counts, wherever'],
])('%j', (text, expected) => {
  expect(parseAction(text)).toEqual(expected);
});

test('never throws, and never lets a tag into a query or an answer', () => {
  const piece = fc.constantFrom('<search>', '</search>', '<answer>', '</answer>', '<', '>', '/', 'search', ' ', 'x');
  fc.assert(
    fc.property(fc.array(fc.oneof(piece, fc.string({ unit: 'binary' }))), (pieces) => {
      const text = pieces.join('');
      const action = parseAction(text);
      if (action.kind === 'invalid') return;
      const content = action.kind === 'search' ? action.query : action.answer;
      expect(content).not.toMatch(/<\/?(?:search|answer)>/);
      expect(text).toContain(content);
    }),
    { numRuns: 500 },
  );
});

test('takes time linear in the text', () => {
  const text = '<search>'.repeat(50_000);
  expect(parseAction(text)).toEqual(invalid);
  expect(parseAction(`${text}x</search>`)).toEqual(search('x'));
});
