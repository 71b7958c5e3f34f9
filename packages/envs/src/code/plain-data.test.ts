import { expect, test } from 'vitest';
import { asPlainData } from './plain-data.js';

const nested = (depth: number) => {
  let value: unknown[] = [];
  for (let level = 1; level < depth; level++) value = [value];
  return value;
};

test.each([
  [{ a: [1, 'é', null, true] }, { a: [1, 'é', null, true] }],
  [undefined, null],
  [
    [Number.POSITIVE_INFINITY, -0],
    [null, 0],
  ],
  [{ a: undefined, b: () => 1 }, {}],
  [JSON.parse('{"__proto__": {"a": 1}}'), JSON.parse('{"__proto__": {"a": 1}}')],
  [nested(100), nested(100)],
])('%j is data as JSON has it', (value, data) => {
  expect(asPlainData(value)).toStrictEqual(data);
});

test.each([
  ['nested too deep', nested(101), 'nested 100 deep'],
  ['nested far too deep', nested(200_000), 'nested 100 deep'],
  ['too long', 'x'.repeat(2 ** 20), '1048576 characters'],
])('what is %s is refused', (_, value, message) => {
  expect(() => asPlainData(value)).toThrow(message);
});
