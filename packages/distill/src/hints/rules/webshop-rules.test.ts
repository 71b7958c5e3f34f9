import { describe, expect, test } from 'vitest';
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

const wishes = { attributes: [], options: { color: 'red', size: 'large' } };
const pages: readonly (readonly [mode: string, page: string])[] = [
  [
    'text',
    'Instruction: [SEP] i want it red and large [SEP] Back to Search [SEP] < Prev [SEP] color [SEP] blue [SEP] red [SEP] size [SEP] ' +
      'small [SEP] large [SEP] Shirt [SEP] Price: $15.00 [SEP] Rating: N.A. [SEP] Features [SEP] Buy Now',
  ],
  ['short', '< prev | color | blue | red | size | small | large | shirt | price: $15.00 | features | buy now'],
  [
    'text_rich',
    'Instruction:\ni want it red and large\n[button] Back to Search [button_]\n[button] < Prev [button_]\ncolor\n' +
      '  [button] blue [button_]\n  [clicked button] red [clicked button_]\nsize\n  [button] small [button_]\n' +
      '  [button] large [button_]\nShirt\nPrice: $15.00\nRating: N.A.\n[button] Features [button_]\n[button] Buy Now [button_]',
  ],
];

describe.each(pages)('values are compared with the wish on pages in %s', (_, itemPage) => {
  const color = 'the {color}';
  const size = 'the {size}';
  const buy = (labels: readonly string[], options: unknown = wishes.options) =>
    rules(
      [
        ['search[shirt]', 'page 1 (total results: 1) | next > | first ban-tol | shirt | $15.00'],
        ['click[ban-tol]', itemPage],
        ...labels.map((label): Turn => [`click[${label}]`, itemPage]),
        ['click[buy now]'],
      ],
      { goal: { ...wishes, options } },
    );
  const choose = (what: string) => [
    `bought-without-options: Choose ${what} that the instruction names before you buy the {item}.`,
  ];

  test.each<[string[], string | null]>([
    [['blue', 'red'], size],
    [['blue', 'small'], `${size} and ${color}`],
    [['red', 'small'], size],
    [['red', 'blue', 'large'], color],
    [['large', 'features', '< prev', 'red', 'small'], size],
    [['blue', 'red', 'small', 'large'], null],
    [['large', 'red'], null],
  ])('%j', (labels, missing) => {
    expect(buy(labels)).toEqual(missing === null ? [] : choose(missing));
  });

  test('wishes without names too', () => {
    expect(buy(['red', 'blue', 'large'], ['Red', 'large'])).toEqual(choose('every option'));
    expect(buy(['red', 'large'], ['Red', 'large'])).toEqual([]);
  });

  test('a value with all words of the wish counts, as in the reward', () => {
    expect(buy(['red', 'large'], { color: 'deep red', size: 'extra large' })).toEqual([]);
  });
});

test('options of one product are not those of the next', () => {
  const [, [, short]] = pages as [unknown, [string, string]];
  const turns: Turn[] = [
    ['search[shirt]', 'results'],
    ['click[ban-tol]', short],
    ['click[red]', short],
    ['click[large]', short],
    ['click[< prev]', 'results'],
    ['click[ken-dol]', short],
    ['click[buy now]'],
  ];
  expect(rules(turns, { goal: wishes })).toEqual([
    'bought-without-options: Choose the {size} and the {color} that the instruction names before you buy the {item}.',
  ]);
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
