import { test as property } from '@fast-check/vitest';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseJson } from './parse-json.js';

test.each([
  ['{"a": NaN, "b": [Infinity, -Infinity]}', { a: 'NaN', b: ['Infinity', '-Infinity'] }],
  ['{"text": "NaN and \\"Infinity\\"", "a": NaN}', { text: 'NaN and "Infinity"', a: 'NaN' }],
  ['NaN', 'NaN'],
])('%s', (text, expected) => {
  expect(parseJson(text)).toEqual(expected);
});

test.each(['{"a": NaNa}', '{"a": NaN', 'x', '', '{"a": "NaN'])('%s is no JSON', (text) => {
  expect(() => parseJson(text)).toThrow(SyntaxError);
});

property.prop([fc.json()])('reads JSON as it is, also beside a NaN', (json) => {
  expect(parseJson(json)).toEqual(JSON.parse(json));
  expect(parseJson(`[NaN, ${json}]`)).toEqual(['NaN', JSON.parse(json)]);
});
