import { ConfigError, DatasetError, type Task } from '@dgpo/trajectory';
import { describe, expect, test } from 'vitest';
import { createCatalogue } from './create-catalogue.js';
import { goalOf } from './goal-of.js';
import { createGoals, splitGoals } from './goals.js';
import type { Product } from './product.js';

const catalogue = createCatalogue({ products: 200 });

/** One product of the catalogue with changes. */
const only = (changes: Partial<Product>) => ({ products: [{ ...(catalogue.products[0] as Product), ...changes }] });

const instructions = [{ text: 'a red lamp.', attributes: ['bright'], options: ['red'] }];

test('one task per wish, seeded, each with an id of its own', () => {
  const tasks = createGoals({ catalogue });
  expect(tasks).toHaveLength(200);
  expect(new Set(tasks.map(({ id }) => id)).size).toBe(200);
  expect(createGoals({ catalogue, seed: 0 })).toEqual(tasks);
  expect(createGoals({ catalogue, seed: 1 }).map(({ id }) => id)).not.toEqual(tasks.map(({ id }) => id));
  expect(JSON.parse(JSON.stringify(tasks))).toEqual(tasks);
});

test('the limit is one of the four next multiples of ten, but never the first', () => {
  const limits = new Set<number>();
  for (let seed = 0; seed < 40; seed++) {
    const [task] = createGoals({ catalogue: only({ price: 20, instructions }), seed });
    const { priceUpper } = goalOf(task as Task);
    limits.add(priceUpper);
    expect(task?.question).toBe(`a red lamp, and price lower than ${priceUpper}.00 dollars`);
  }
  expect([...limits].sort()).toEqual([40, 50, 60]);
});

test.each([
  [970, 990],
  [980, 1_000_000],
  [5000, 1_000_000],
])('a product for $%d has the limit %d', (price, limit) => {
  const [task] = createGoals({ catalogue: only({ price, instructions }) });
  expect(goalOf(task as Task).priceUpper).toBe(limit);
  if (limit === 1_000_000) expect(task?.question).toBe('a red lamp');
});

test('wishes without attributes are left out', () => {
  expect(createGoals({ catalogue: only({ instructions: [{ text: 'a', attributes: [], options: [] }] }) })).toEqual([]);
  expect(createGoals({ catalogue: only({ wish: null }), instructions: 'synthetic' })).toEqual([]);
});

test('synthetic goals are all combinations of options, with one limit', () => {
  const wish = { text: 'a lamp', attributes: ['bright'] };
  const options = [
    { name: 'size', values: ['s', 'm'] },
    { name: 'color', values: ['red', 'blue'] },
  ];
  const tasks = createGoals({ catalogue: only({ wish, options, price: 985 }), instructions: 'synthetic' });
  expect(tasks.map(({ question }) => question).sort()).toEqual([
    'a lamp with color: blue, and size: m',
    'a lamp with color: blue, and size: s',
    'a lamp with color: red, and size: m',
    'a lamp with color: red, and size: s',
  ]);
  const limits = createGoals({ catalogue: only({ wish, options, price: 5 }), instructions: 'synthetic' }).map(goalOf);
  expect(new Set(limits.map(({ priceUpper }) => priceUpper)).size).toBe(1);
});

describe('splitGoals', () => {
  const tasks = createGoals({ catalogue });

  test('cuts without overlap', () => {
    const { test: first, validation, train } = splitGoals(tasks, { test: 50, validation: 30 });
    expect([...first, ...validation, ...train]).toEqual(tasks);
    expect([first.length, validation.length]).toEqual([50, 30]);
  });

  test('leaves some to train on', () => {
    expect(() => splitGoals(tasks)).toThrow(ConfigError);
    expect(() => splitGoals(tasks, { test: -1, validation: 0 })).toThrow(ConfigError);
  });
});

test.each([
  [undefined, 'metadata.goal to be an object'],
  [{ goal: 3 }, 'metadata.goal to be an object'],
  [{ goal: {} }, 'metadata.goal.attributes to be a list of strings'],
  [{ goal: { attributes: ['a'], options: [1] } }, 'metadata.goal.options to be strings'],
  [{ goal: { attributes: ['a'], options: [] } }, 'metadata.goal.priceUpper to be a number'],
  [{ goal: { attributes: ['a'], options: {}, priceUpper: 1 } }, 'metadata.goal.asin to be a string'],
])('a task with metadata %j is none of this world', (metadata, message) => {
  const task = { id: 'q1', question: '', goldenAnswers: [], ...(metadata && { metadata }) };
  expect(() => goalOf(task)).toThrow(DatasetError);
  expect(() => goalOf(task)).toThrow(`task q1: expected ${message}`);
});
