import { expect, test } from 'vitest';
import type { Product } from './product.js';
import { createProductIndex, productText } from './product-index.js';

const product = (name: string, rest: Partial<Product> = {}): Product => ({
  asin: name,
  category: '',
  query: '',
  productCategory: '',
  name,
  description: '',
  features: [],
  price: 1,
  priceTag: '$1.0',
  options: [],
  attributes: [],
  instructions: [],
  wish: null,
  ...rest,
});

test('a product is found by name, description, first feature and options', () => {
  const options = [
    { name: 'color', values: ['red', 'blue'] },
    { name: 'size', values: ['small'] },
  ];
  const lamp = product('Lamp', { description: 'A Light', features: ['Bright', 'Warm'], options });
  expect(productText(lamp)).toBe('lamp a light bright color: red, blue, and size: small');
  expect(productText(product('Lamp'))).toBe('lamp   ');
});

test('scores are those of BM25, words of the query counted as often as they occur', () => {
  // Lengths 3, 1, 2; average 2. "lamp" is in two of three: idf ln(1 + 1.5 / 2.5) = 0.470; "red" in one: ln(1 + 2.5 / 1.5) = 0.981.
  const index = createProductIndex([product('lamp lamps oak'), product('lamp'), product('red box')]);
  const part = (frequency: number, length: number) => frequency / (frequency + 0.9 * (0.6 + (0.4 * length) / 2));
  const lamp = Math.log(1.6);
  const red = Math.log(1 + 2.5 / 1.5);
  expect(index.search({ query: 'Lamps', topK: 3 })).toEqual([
    { index: 0, score: expect.closeTo(lamp * part(2, 3), 12) },
    { index: 1, score: expect.closeTo(lamp * part(1, 1), 12) },
  ]);
  expect(index.search({ query: 'the lamp lamp red', topK: 3 })).toEqual([
    { index: 0, score: expect.closeTo(2 * lamp * part(2, 3), 12) }, // 0.61
    { index: 1, score: expect.closeTo(2 * lamp * part(1, 1), 12) }, // 0.55
    { index: 2, score: expect.closeTo(red * part(1, 2), 12) }, // 0.52
  ]);
});

test('equal scores come in catalogue order, at most topK', () => {
  const index = createProductIndex(['oak', 'pine', 'oak', 'oak'].map((name) => product(name)));
  expect(index.search({ query: 'oak', topK: 2 }).map((match) => match.index)).toEqual([0, 2]);
  expect(index.search({ query: 'beech of the', topK: 2 })).toEqual([]);
  expect(createProductIndex([]).search({ query: 'oak', topK: 2 })).toEqual([]);
});
