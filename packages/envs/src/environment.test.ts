import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { contextTokenIds } from './environment.js';

const segment = fc.record({
  kind: fc.constantFrom('prompt' as const, 'policy' as const, 'observation' as const),
  text: fc.constant(''),
  tokenIds: fc.array(fc.nat(50_000), { maxLength: 20 }),
});

describe('contextTokenIds', () => {
  test.prop([fc.array(segment)])('holds the tokens of all segments in order, in an array of its own', (segments) => {
    const before = structuredClone(segments);
    const ids = contextTokenIds({ segments });
    let index = 0;
    for (const { tokenIds } of segments) {
      expect(ids.slice(index, index + tokenIds.length)).toEqual(tokenIds);
      index += tokenIds.length;
    }
    expect(ids).toHaveLength(index);
    ids.push(-1);
    expect(segments).toEqual(before);
  });

  test('takes a segment that was never encoded for nothing', () => {
    expect(contextTokenIds({ segments: [{ kind: 'prompt', text: 'a' }] })).toEqual([]);
    expect(contextTokenIds({ segments: [] })).toEqual([]);
  });
});
