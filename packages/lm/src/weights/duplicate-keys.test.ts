import fc from 'fast-check';
import { expect, test } from 'vitest';
import { findDuplicateKey } from './duplicate-keys.js';

test.each([
  ['{"a":1,"a":2}', 'a'],
  ['{"a":1,"\\u0061":2}', 'a'],
  ['{"x":{"b":1 , "b" :2}}', 'b'],
  ['[{"a":[{"c":0}],"c":1,"a":2}]', 'a'],
  ['{"__proto__":1,"__proto__":2}', '__proto__'],
  ['{"":1,"":2}', ''],
])('%s', (json, key) => {
  expect(findDuplicateKey(json)).toBe(key);
});

test('equal keys of different objects, and values that look like keys, are no duplicates', () => {
  expect(findDuplicateKey('{"a":{"a":"a"},"b":["a","a",{"a":"\\"a\\":"}],"c\\\\":"{"}')).toBeUndefined();
});

test('what JSON.stringify writes has none', () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => findDuplicateKey(JSON.stringify(value)) === undefined));
});

test('a string of many megabytes is no obstacle', () => {
  const long = JSON.stringify('"\\x'.repeat(4e6));
  expect(findDuplicateKey(`{"a":${long},"b":1,"a":2}`)).toBe('a');
});
