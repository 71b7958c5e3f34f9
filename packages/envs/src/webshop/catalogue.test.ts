import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, DatasetError } from '@dgpo/trajectory';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createCatalogue, createCatalogueFiles } from './create-catalogue.js';
import { categories } from './kinds.js';
import { readCatalogue } from './read-catalogue.js';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'webshop-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** Paths of the files with these contents. */
async function write(contents: Record<'items' | 'attributes' | 'instructions', unknown>) {
  const pathOf = (name: string) => join(directory, `${name}.json`);
  for (const [name, content] of Object.entries(contents)) await writeFile(pathOf(name), JSON.stringify(content));
  return { items: pathOf('items'), attributes: pathOf('attributes'), instructions: pathOf('instructions') };
}

describe('createCatalogue', () => {
  test('makes a thousand different products of five categories, the same for the same seed', () => {
    const { products } = createCatalogue();
    expect(new Set(products.map(({ asin }) => asin)).size).toBe(1000);
    expect(new Set(products.map(({ category }) => category))).toEqual(new Set(categories.map(({ name }) => name)));
    expect(new Set(products.map(({ query }) => query)).size).toBe(30);
    expect(createCatalogueFiles({ seed: 0 })).toEqual(createCatalogueFiles());
    expect(createCatalogueFiles({ seed: 1 })).not.toEqual(createCatalogueFiles());
    for (const { asin, attributes, instructions, options, price, wish } of products) {
      expect(asin).toMatch(/^B[0-9A-Z]{9}$/);
      expect(price).toBeGreaterThan(0);
      expect(options.length).toBeGreaterThan(1);
      for (const wished of [wish, ...instructions])
        expect(attributes).toEqual(expect.arrayContaining([...(wished?.attributes ?? [])]));
    }
  });

  test('with one family per kind, a small shop has every kind, and four products of each', () => {
    const { products } = createCatalogue({ products: 120, familiesPerKind: 1 });
    const counts = new Map<string, number>();
    for (const { query } of products) counts.set(query, (counts.get(query) ?? 0) + 1);
    expect(counts.size).toBe(30);
    expect(new Set(counts.values())).toEqual(new Set([4]));
    for (const bad of [{ familiesPerKind: 0 }, { wishesPerProduct: 1.5 }]) {
      expect(() => createCatalogue(bad)).toThrow(ConfigError);
    }
  });

  test('further wishes leave the first ones and the products as they are', () => {
    const [one, three] = [1, 3].map((wishesPerProduct) => createCatalogue({ products: 40, wishesPerProduct }).products);
    expect(three?.map((product) => ({ ...product, instructions: product.instructions.slice(0, 1) }))).toEqual(one);
    for (const { attributes, instructions, options } of three ?? []) {
      expect(new Set(instructions.map(({ text }) => text)).size).toBeGreaterThan(1);
      for (const wish of instructions) {
        expect(attributes).toEqual(expect.arrayContaining([...wish.attributes]));
        expect(wish.options).toHaveLength(options.length);
      }
    }
  });

  test('names products shortly where they are to be spelled, and no two alike', () => {
    const [long, short] = [false, true].map((shortAsins) => createCatalogue({ products: 3000, seed: 5, shortAsins }));
    const names = short?.products.map(({ asin }) => asin) ?? [];
    expect(names.filter((asin) => !/^[A-Z]{3}-[A-Z]{3}$/.test(asin))).toEqual([]);
    expect(new Set(names).size).toBe(3000);
    expect(short?.products.map(({ name }) => name)).toEqual(long?.products.map(({ name }) => name));
    expect(() => createCatalogue({ products: 16_385, shortAsins: true })).toThrow(
      'there are short names for 16384 products, not for 16385',
    );
  });

  test('has near duplicates', () => {
    const families = new Map<string, number>();
    for (const { name } of createCatalogue().products) {
      const family = name.split(',')[0] as string;
      families.set(family, (families.get(family) ?? 0) + 1);
    }
    expect(Math.min(...families.values())).toBeGreaterThanOrEqual(4);
  });

  test.each([0, 1.5, 100_001, Number.NaN])('refuses %d products', (products) => {
    expect(() => createCatalogue({ products })).toThrow(ConfigError);
  });
});

describe('readCatalogue', () => {
  test('reads what createCatalogueFiles makes', async () => {
    const options = { products: 40, seed: 3 };
    const paths = await write({ ...createCatalogueFiles(options) });
    expect(await readCatalogue({ ...paths, seed: 3 })).toEqual(createCatalogue(options));
    const { products } = await readCatalogue({ items: paths.items, attributes: paths.attributes, maxProducts: 5 });
    expect(products).toHaveLength(5);
    expect(products.every(({ instructions }) => instructions.length === 0)).toBe(true);
  });

  const item = {
    asin: 'B000000001',
    category: 'garden',
    query: ' Table Lamp ',
    product_category: 'Home › Lamps',
    name: 'Lamp',
    full_description: null,
    small_description: 'Bright',
    pricing: '$1,010.5 to $1,020',
    customization_options: { Color: [{ value: ' Red/Blue ', image: null }], Size: null },
  };

  test('reads products as the original does', async () => {
    const items = [item, { ...item, name: 'again' }, { ...item, asin: 'nan' }, { ...item, asin: 'B0000000011' }];
    const free = { ...item, asin: 'B000000002', pricing: '', customization_options: '' };
    const instructions = {
      B000000001: [{ instruction: 'i.', instruction_attributes: ['a'], instruction_options: { color: 'red' } }],
    };
    const attributes = { B000000001: { attributes: ['a', 'b'] }, B999: 'of no product' };
    const { products } = await readCatalogue(await write({ items: [...items, free], attributes, instructions }));
    expect(products).toEqual([
      {
        asin: 'B000000001',
        category: 'garden',
        query: 'table lamp',
        productCategory: 'Home › Lamps',
        name: 'Lamp',
        description: '',
        features: ['Bright'],
        price: expect.closeTo(1015, -1),
        priceTag: '$1010.5 to $1020.0',
        options: [{ name: 'color', values: ['red | blue'] }],
        attributes: ['a', 'b'],
        instructions: [{ text: 'i.', attributes: ['a'], options: { color: 'red' } }],
        wish: null,
      },
      expect.objectContaining({
        asin: 'B000000002',
        price: 100,
        priceTag: '$100.0',
        options: [],
        attributes: ['DUMMY_ATTR'],
      }),
    ]);
  });

  test.each([
    [{ ...item, asin: 12 }, 'expected asin to be a string, found 12'],
    [{ ...item, name: undefined }, 'expected name to be a string, found undefined'],
    [{ ...item, pricing: 'cheap' }, 'expected pricing to be a price such as "$12.50"'],
    [{ ...item, pricing: '$' }, 'expected pricing to be a price'],
    [{ ...item, pricing: '$1.2.3' }, 'expected pricing to be a price'],
    [{ ...item, small_description: ['a', 3] }, 'expected small_description[1] to be a string, found 3'],
    [{ ...item, customization_options: [] }, 'expected customization_options to be an object, found a list'],
    [
      { ...item, customization_options: { Color: 'red' } },
      'expected customization_options.Color to be a list, found "red"',
    ],
    [
      { ...item, customization_options: { Color: [{}] } },
      'expected customization_options.Color[0].value to be a string',
    ],
    [[], 'expected a product to be an object, found a list'],
  ])('refuses the product %j', async (record, message) => {
    const paths = await write({ items: [record], attributes: {}, instructions: {} });
    await expect(readCatalogue(paths)).rejects.toThrow(DatasetError);
    await expect(readCatalogue(paths)).rejects.toThrow(`items.json:1: ${message}`);
  });

  test.each([
    ['attributes', 3, 'expected an entry to be an object, found 3'],
    ['attributes', { attributes: 'a' }, 'expected attributes to be a list of strings, found "a"'],
    ['attributes', { instruction: 'i' }, 'expected instruction_attributes to be a list of strings, found undefined'],
    ['instructions', {}, 'expected instructions to be a list, found an object'],
    ['instructions', [{ instruction: 1 }], 'expected [0].instruction to be a string, found 1'],
    [
      'instructions',
      [{ instruction: 'i', instruction_attributes: [], instruction_options: { a: 1 } }],
      'expected [0].instruction_options.a to be a string, found 1',
    ],
  ])('refuses the %s %j', async (name, entry, message) => {
    const paths = await write({ items: [item], attributes: {}, instructions: {}, [name]: { B000000001: entry } });
    await expect(readCatalogue(paths)).rejects.toThrow(`${name}.json:1: ${message}`);
  });

  test('refuses a missing file and a bad limit', async () => {
    const missing = join(directory, 'missing.json');
    await expect(readCatalogue({ items: missing, attributes: missing })).rejects.toThrow(
      /missing\.json: cannot be read: ENOENT/,
    );
    await expect(readCatalogue({ items: missing, attributes: missing, maxProducts: 0 })).rejects.toThrow(ConfigError);
  });
});
