import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { hintedRows } from './hinted-teacher.js';

const ids = (maximum: number) => fc.array(fc.nat(50), { minLength: 1, maxLength: maximum });

property.prop([ids(6), ids(12), ids(8), fc.array(fc.boolean(), { minLength: 8, maxLength: 8 })])(
  'an episode keeps what follows the prompt, token by token, and what is scored of it',
  (prompt, hinted, rest, policy) => {
    // The first token after a prompt is the policy's.
    const mask = rest.map((_, index) => (index === 0 || policy[index] ? 1 : 0));
    const row = {
      tokenIds: Int32Array.from([...prompt, ...rest]),
      mask: Uint8Array.from([...prompt.map(() => 0), ...mask]),
    };
    const [changed] = hintedRows([row], new Map([[prompt.join(), hinted]]));
    expect(Array.from(changed?.tokenIds ?? [])).toEqual([...hinted, ...rest]);
    expect(Array.from(changed?.mask ?? [])).toEqual([...hinted.map(() => 0), ...mask]);
  },
);

test('a row without sampled tokens stays, and one of an unknown prompt is an error', () => {
  const empty = { tokenIds: Int32Array.of(1, 2), mask: Uint8Array.of(0, 0) };
  expect(hintedRows([empty], new Map())).toEqual([empty]);
  const row = { tokenIds: Int32Array.of(1, 2), mask: Uint8Array.of(0, 1) };
  expect(() => hintedRows([row], new Map([['2', [3]]]))).toThrow(/none of the tasks with hints/);
});
