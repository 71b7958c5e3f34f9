import { expect, it } from 'vitest';
import { jsonPath } from './json-path.js';

it.each([
  ['a.b', { a: { b: 1 } }, 1],
  ['a[1].b', { a: [0, { b: 2 }] }, 2],
  ['[0][1]', [[1, 3]], 3],
  ['$[0]', [4], 4],
  ['$', 5, 5],
  ['$.a', { a: null }, null],
  ['a.b', { a: 'text' }, undefined],
  ['a.b', null, undefined],
  ['a', [], undefined],
  // Only what the value itself has.
  ['constructor', {}, undefined],
  ['data-set.a b', { 'data-set': { 'a b': 6 } }, 6],
])('%s of %j', (path, value, expected) => {
  expect(jsonPath(path, 'link')(value)).toEqual(expected);
});

it.each(['a..b', 'a[x]', 'a[', 'a.', '[0]a'])('refuses %s', (path) => {
  expect(() => jsonPath(path, 'link')).toThrow(/^link: .* is not a path/);
});
