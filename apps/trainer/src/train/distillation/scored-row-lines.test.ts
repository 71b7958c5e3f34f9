import { CheckpointError } from '@dgpo/trajectory';
import { fc, test } from '@fast-check/vitest';
import { expect, it } from 'vitest';
import { decodeRows, encodeRows } from './scored-row-lines.js';

const row = fc
  .array(fc.tuple(fc.nat(200_000), fc.integer({ min: 0, max: 1 })), { minLength: 1, maxLength: 20 })
  .map((tokens) => ({
    tokenIds: Int32Array.from(tokens, ([id]) => id),
    mask: Uint8Array.from(tokens, ([, mask]) => mask),
  }));

test.prop([fc.array(row, { maxLength: 5 })])('rows come back as they were', (rows) => {
  expect(decodeRows(encodeRows(rows))).toEqual(rows);
});

it.each(['{', '{"tokenIds":[1],"policyMask":[1,0]}\n', '{"tokenIds":[-1],"policyMask":[0]}\n', '[]\n'])(
  'refuses %j',
  (text) => {
    expect(() => decodeRows(text)).toThrow(CheckpointError);
  },
);
