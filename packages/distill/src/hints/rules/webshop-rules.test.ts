import { expect, test } from 'vitest';
import { type Turn, worldEpisode } from '../__fixtures__/worlds.js';
import { extractHints } from '../extract-hints.js';

const goal = { attributes: ['soft'], options: { Size: 'Large', Color: 'Red' }, priceUpper: 20 };
const page = (price: string) => `Instruction: [SEP] find it [SEP] Price: ${price} [SEP] Buy Now`;
const find: Turn[] = [
  ['search[shirt]', 'results'],
  ['click[B000000001]', page('$15.00')],
];
const rules = (turns: readonly Turn[], metadata: Record<string, unknown> = { goal }, question = 'find it') =>
  extractHints({
    trajectory: worldEpisode({ environment: 'webshop', turns, task: { question, metadata } }),
    maxHints: 20,
  }).map(({ rule, hint }) => `${rule}: ${hint}`);

test('bought without options, without looking', () => {
  expect(rules([...find, ['click[buy now]']])).toEqual([
    'bought-without-options: Choose the {size} and the {color} that the instruction names before you buy the {item}.',
    'bought-without-features: Open the features of the {item} and look for the {attribute} before you buy it.',
  ]);
  expect(
    rules([
      ...find,
      ['click[large]', page('$15.00')],
      ['click[Features]', 'soft'],
      ['click[< prev]', page('$15')],
      ['click[buy now]'],
    ]),
  ).toEqual(['bought-without-options: Choose the {color} that the instruction names before you buy the {item}.']);
});

test('options without names, or of other names', () => {
  const generic = 'bought-without-options: Choose every option that the instruction names before you buy the {item}.';
  expect(rules([...find, ['click[buy now]']], { goal: { ...goal, attributes: [], options: ['large'] } })).toEqual([
    generic,
  ]);
  expect(
    rules([...find, ['click[buy now]']], { goal: { ...goal, attributes: [], options: { Scent: 'mint' } } }),
  ).toEqual([generic]);
});

test('too dear, by the goal or by its words; a price range by its lower end', () => {
  const dear = (price: string, metadata: Record<string, unknown> = { goal: { priceUpper: 20 } }, question?: string) =>
    rules([['search[shirt]', 'results'], ['click[B000000001]', page(price)], ['click[buy now]']], metadata, question);
  const found = [
    'price-over-limit: Compare the price of the {item} with the limit of the instruction before you buy it.',
  ];
  expect(dear('$20.50')).toEqual(found);
  expect(dear('| price: $20.50')).toEqual(found);
  expect(dear('$1,000.00')).toEqual(found);
  expect(dear('$15.00 to $30.00')).toEqual([]);
  expect(dear('$20.50', { goal: { priceUpper: 1_000_000 } })).toEqual([]);
  expect(dear('$20.50', {}, 'find it, and price lower than 20.00 dollars')).toEqual(found);
});

test('never bought, refused clicks', () => {
  const turns: Turn[] = [
    ['click[buy now]', 'x', 'refused'],
    ['search[shirt]', 'results'],
    ['dance', 'x', 'refused'],
  ];
  expect(rules(turns)).toEqual([
    'never-bought: Buy the {item} that fits best before the steps run out.',
    'unmet-precondition: Return to the page of the {item} before you buy it.',
  ]);
});

test('two hints at most', () => {
  const trajectory = worldEpisode({
    environment: 'webshop',
    turns: [...find, ['click[buy now]']],
    task: { metadata: { goal: { ...goal, priceUpper: 5 } } },
  });
  expect(extractHints({ trajectory }).map(({ rule }) => rule)).toEqual(['bought-without-options', 'price-over-limit']);
});
