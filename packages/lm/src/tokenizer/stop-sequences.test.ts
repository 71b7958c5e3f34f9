import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createStopMatcher } from './stop-sequences.js';

/** A tokenizer whose token `i` is the i-th of these strings. */
const over = (...tokens: string[]) => ({ tokenBytes: (id: number) => new TextEncoder().encode(tokens[id]) });

/** What each token completes. */
function follow(tokens: string[], stop: string[]): (string | null)[] {
  const state = createStopMatcher({ tokenizer: over(...tokens), stop }).start();
  return tokens.map((_, id) => state.push(id).matched);
}

test('finds a stop string in one token, across tokens, and inside a token', () => {
  expect(follow(['a', '</search>'], ['</search>'])).toEqual([null, '</search>']);
  expect(follow(['a</se', 'ar', 'ch>'], ['</search>'])).toEqual([null, null, '</search>']);
  expect(follow(['x</search> more'], ['</search>'])).toEqual(['</search>']);
});

test('goes on from a false start', () => {
  expect(follow(['<', '<', '/a', '>'], ['</a>'])).toEqual([null, null, null, '</a>']);
  expect(follow(['aab', 'aac'], ['aabaac'])).toEqual([null, 'aabaac']);
  expect(follow(['aaba', 'abaac'], ['aabaac'])).toEqual([null, 'aabaac']);
});

test('of overlapping stop strings the first to end wins, then the longest', () => {
  expect(follow(['abcd'], ['abcd', 'bc'])).toEqual(['bc']);
  expect(follow(['ab', 'c'], ['bc', 'abc', 'c'])).toEqual([null, 'abc']);
  expect(follow(['xb', 'c'], ['bc', 'abc', 'c'])).toEqual([null, 'bc']);
  expect(follow(['\n', '\n'], ['\n', '\n\n'])).toEqual(['\n', '\n']);
});

test('a code point split over tokens is still found', () => {
  const bytes = new TextEncoder().encode('終');
  const state = createStopMatcher({
    tokenizer: { tokenBytes: (id) => bytes.subarray(id, id + 1) },
    stop: ['終'],
  }).start();
  expect([0, 1, 2].map((id) => state.push(id).matched)).toEqual([null, null, '終']);
});

test('states are apart, and one starts afresh after a match', () => {
  const matcher = createStopMatcher({ tokenizer: over('a', 'b'), stop: ['ab'] });
  const [first, second] = [matcher.start(), matcher.start()];
  first.push(0);
  expect(second.push(1).matched).toBeNull();
  expect(first.push(1).matched).toBe('ab');
  expect(first.push(1).matched).toBeNull();
});

test('without stop strings nothing matches; an empty one is refused', () => {
  expect(follow(['a', ''], [])).toEqual([null, null]);
  expect(() => createStopMatcher({ tokenizer: over(), stop: ['x', ''] })).toThrow('empty');
});

test('agrees with a search in the text so far', () => {
  const piece = fc.string({ unit: fc.constantFrom('a', 'b', 'é'), maxLength: 4 });
  const stops = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'é'), minLength: 1, maxLength: 4 }), {
    maxLength: 4,
  });
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), stops, (tokens, stop) => {
      const state = createStopMatcher({ tokenizer: over(...tokens), stop }).start();
      let text = '';
      for (const [id, token] of tokens.entries()) {
        text += token;
        const ends = stop.filter((s) => text.includes(s)).map((s) => text.indexOf(s) + s.length);
        const firstEnd = Math.min(...ends);
        const expected = stop.filter((s) => text.slice(0, firstEnd).endsWith(s)).sort((a, b) => b.length - a.length)[0];
        const { matched } = state.push(id);
        expect(matched).toBe(ends.length === 0 ? null : expected);
        if (matched !== null) return;
      }
    }),
    { numRuns: 1000 },
  );
});
