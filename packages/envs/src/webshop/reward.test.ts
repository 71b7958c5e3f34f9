import { describe, expect, test } from 'vitest';
import { nounsOf } from './nouns-of.js';
import type { Goal } from './product.js';
import { type Purchase, scorePurchase } from './reward.js';

const goal: Goal = {
  asin: 'B000000001',
  category: 'garden',
  query: 'table lamp',
  productCategory: 'Home › Lighting › Lamps',
  name: 'Bazen Table Lamp',
  attributes: ['solid wood', 'easy to clean'],
  options: ['navy blue', 'small'],
  priceUpper: 40,
};

const product: Purchase['product'] = {
  query: 'table lamp',
  productCategory: 'Home › Lighting › Lamps',
  name: 'Bazen Table Lamp',
  attributes: ['solid wood'],
  features: ['Easy to clean'],
  description: '',
  price: 40,
};

const score = (changes: Partial<Purchase['product']>, options = ['blue', 'small'], wished: Partial<Goal> = {}) =>
  scorePurchase({ purchase: { product: { ...product, ...changes }, options }, goal: { ...goal, ...wished }, nounsOf });

test('what is wished earns 1', () => {
  // The second attribute stands among the features, both blues are blue, and $40 is not more than $40.
  expect(score({})).toEqual({ reward: 1, type: 1, attributes: 2, options: 2, price: true });
});

test('every attribute, option and the price weigh the same', () => {
  expect(score({ features: [] }).reward).toBe(4 / 5);
  expect(score({}, ['blue']).reward).toBe(4 / 5);
  expect(score({}, []).reward).toBe(3 / 5);
  expect(score({ price: 40.01 }).reward).toBe(4 / 5);
  expect(score({ features: [], attributes: [], price: 41 }, []).reward).toBe(0);
});

test('options may be wished by name', () => {
  expect(score({}, ['blue', 'small'], { options: { color: 'blue', size: 'small' } }).reward).toBe(1);
  expect(score({}, ['small'], { options: { color: 'blue', size: 'small' } }).options).toBe(1);
  expect(score({}, [], { options: {} }).reward).toBe(1);
});

describe('the type', () => {
  const elsewhere = { query: 'sofa', productCategory: 'Home › Furniture › Sofas' };
  const longName = 'one two three four five six seven eight nine ten lamp';

  test('is right by query, by two shared categories, or by a fifth of the nouns', () => {
    expect(score({ ...elsewhere, query: 'table lamp' }).type).toBe(1);
    expect(score({ ...elsewhere, productCategory: 'Lighting › Home' }).type).toBe(1);
    expect(score({ ...elsewhere, productCategory: 'Home › Home' }).type).toBe(1);
    expect(score({ ...elsewhere, name: 'lamp' }).type).toBe(1);
  });

  test('is half right for fewer nouns, a tenth or nothing for hardly any, whatever the query', () => {
    // 1 of 5 nouns is not more than a fifth.
    expect(score({ ...elsewhere, name: 'lamp' }, [], { name: 'Bazen Table Lamp Black Oak' }).type).toBe(0.5);
    // 1 of 11.
    expect(score({ name: 'lamp' }, [], { name: longName }).type).toBe(0.1);
    expect(score({ name: 'Sofa' }).type).toBe(0);
    expect(score({ name: 'Sofa' }).reward).toBe(0);
  });

  test('counts shared nouns once and wished nouns each time', () => {
    // 1 of 5: the query differs.
    expect(score({ ...elsewhere, name: 'lamp lamp' }, [], { name: 'lamp lamp lamp lamp lamp' }).type).toBe(0.5);
  });

  test('needs no nouns where the wish has none', () => {
    expect(score({}, [], { name: '40 60' }).type).toBe(1);
    expect(score(elsewhere, [], { name: '40 60' }).type).toBe(0.5);
  });
});
