import { trainCompactTokenizer } from '@dgpo/lm';
import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { createTextStream } from './text-stream.js';

const tokenizer = trainCompactTokenizer({ texts: ['the end of the text'], specialTokens: ['<x>'], maximumPieces: 8 });

/** Pushes the tokens of a text one by one. */
function stream(text: string, stop: string[]) {
  const parts = createTextStream({ tokenizer, stop });
  const pieces = tokenizer.encode(text, { allowSpecial: true }).map((id) => parts.push(id));
  return { pieces: [...pieces, parts.end()], stopped: parts.stopped };
}

describe('createTextStream', () => {
  it('never splits a code point and leaves special tokens out', () => {
    const { pieces } = stream('a😀<x>é', []);
    expect(pieces.join('')).toBe('a😀é');
    expect(pieces.every((piece) => !piece.includes('\ufffd'))).toBe(true);
  });

  it('cuts before the stop string, and holds back what may become one', () => {
    expect(stream('zq##!zz', ['##!'])).toMatchObject({ stopped: '##!' });
    expect(stream('zq##!zz', ['##!']).pieces.join('')).toBe('zq');
    const { pieces, stopped } = stream('zq##z#', ['##!']);
    expect(pieces).toEqual(['z', 'q', '', '', '##z', '', '#']);
    expect(stopped).toBeUndefined();
  });

  it('takes the stop string that is complete first, then the longest', () => {
    expect(stream('zxyw', ['xyw', 'xy']).stopped).toBe('xy');
    expect(stream('zxyw', ['yw', 'xyw'])).toMatchObject({ stopped: 'xyw' });
  });

  test.prop([fc.string({ unit: fc.constantFrom('a', 'b', 'é') }), fc.array(fc.constantFrom('ab', 'ba', 'éa', 'aab'))])(
    'is the text up to the first stop string',
    (text, stop) => {
      const { pieces, stopped } = stream(text, stop);
      const ends = stop.flatMap((one) => (text.includes(one) ? [text.indexOf(one) + one.length] : []));
      if (ends.length === 0) expect(pieces.join('')).toBe(text);
      else expect(text.startsWith(pieces.join('') + stopped)).toBe(true);
      if (ends.length > 0) expect((pieces.join('') + stopped).length).toBe(Math.min(...ends));
    },
  );
});
