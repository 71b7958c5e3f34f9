import { DatasetError } from '@dgpo/trajectory';
import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { createJsonSplitter } from './json-splitter.js';

function split(chunks: readonly string[]) {
  const splitter = createJsonSplitter('items.json');
  const elements = chunks.flatMap((chunk) => splitter.push(chunk));
  splitter.end();
  return elements;
}

/** Pieces of a text of the given lengths, then the rest. */
function cut(text: string, lengths: readonly number[]): string[] {
  const chunks: string[] = [];
  let start = 0;
  for (const length of lengths) {
    chunks.push(text.slice(start, start + length));
    start += length;
  }
  return [...chunks, text.slice(start)];
}

test('entries of a list with the lines they begin on', () => {
  expect(split(['[\n {"a": "]}\\"{,"},\n\n 2 , [3,\n', '4]\n]\n'])).toEqual([
    { key: null, value: { a: ']}"{,' }, where: 'items.json:2' },
    { key: null, value: 2, where: 'items.json:4' },
    { key: null, value: [3, 4], where: 'items.json:4' },
  ]);
});

property.prop([fc.array(fc.jsonValue()), fc.array(fc.nat(20)), fc.constantFrom(undefined, 1, '\t')])(
  'a list is its entries, wherever it is cut and however it is indented',
  (list, lengths, indent) => {
    const text = JSON.stringify(list, null, indent);
    expect(split(cut(text, lengths)).map(({ value }) => value)).toEqual(JSON.parse(text));
  },
);

property.prop([fc.dictionary(fc.string(), fc.jsonValue()), fc.array(fc.nat(20))])(
  'so is an object',
  (object, lengths) => {
    const text = JSON.stringify(object);
    const elements = split(cut(text, lengths)).map(({ key, value }) => [key, value]);
    expect(elements).toEqual(Object.entries(JSON.parse(text)));
  },
);

test.each([
  ['', 'items.json:1: expected a whole JSON list or object'],
  ['\n 12', 'items.json:2: expected a JSON list or object'],
  ['[1, 2', 'items.json:1: expected a whole'],
  ['[{"a": 1}\n{"a": 2}]', 'items.json:2: expected a JSON value, found {"a": 2}'],
  [
    '[\n{"asin": "A",\n"name": "Lamp",\n\n"price" 4,\n"query": "lamp"}\n]',
    'items.json:5: expected a JSON value, found "price" 4,',
  ],
  ['[{"a": 1},\n\n {\n"a": 2,\n}]', 'items.json:5: expected a JSON value, found }'],
  ['{"a": 1,\n"b": {\n"c": tru\n}}', 'items.json:3: expected a JSON key and value, found "c": tru'],
  ['[1,\n]', 'items.json:2: expected a JSON value, found nothing'],
  ['[1,]', 'items.json:1: expected a JSON value, found nothing'],
  ['[,1]', 'items.json:1: expected a JSON value, found nothing'],
  ['[1,\nx]', 'items.json:2: expected a JSON value, found x'],
  ['{"a" 1}', 'items.json:1: expected a JSON key and value, found "a" 1'],
  ['{"a": 1]', 'items.json:1: expected }'],
  ['[1]\n[2]', 'items.json:2: expected the end of the file'],
  ['["a', 'items.json:1: expected a whole'],
])('%j is refused', (text, message) => {
  expect(() => split([text])).toThrow(DatasetError);
  expect(() => split([text])).toThrow(message);
});

test('an entry without end is refused before it fills the memory', () => {
  const splitter = createJsonSplitter('items.json');
  splitter.push('["');
  const chunk = 'a'.repeat(1 << 22);
  expect(() => {
    for (let count = 0; count < 6; count++) splitter.push(chunk);
  }).toThrow('items.json:1: expected entries of at most 16 Mi characters');
});
