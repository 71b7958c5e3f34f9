import { fc, test } from '@fast-check/vitest';
import { test as check, expect } from 'vitest';
import { jsonErrorLine } from './json-error-line.js';

check.each([
  ['', 1],
  ['{\n"a": 1,\n}', 3],
  ['{\n\n"a": }', 3],
  ['{"a": [1,\n2,\n,3]}', 3],
  ['{\n"a" 1}', 2],
  ['[1\n2]', 2],
  ['{"a": 1}\n\n!', 3],
  ['{"a":\n"b\nc"}', 2],
  ['{\n"a": tru}', 2],
  ['{\n"a": [}\n', 2],
  ['{"a": 1,\n"b": 2\n\n', 4],
  ['{"a":\n"C:\\data"\n}', 2],
  ['[1,\n02\n]', 2],
])('the line of %j is %i', (text, line) => {
  expect(() => JSON.parse(text)).toThrow();
  expect(jsonErrorLine(text)).toBe(line);
});

test.prop([fc.json(), fc.constantFrom('!', '}', ',', '@')])('what follows a valid text is the fault', (text, more) => {
  expect(jsonErrorLine(`${text}\n\n${more}`)).toBe(text.split('\n').length + 2);
});
