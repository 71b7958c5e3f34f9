import { createRandom, DatasetError } from '@dgpo/trajectory';
import type { Instruction, Product, ProductOption } from './product.js';

type Json = Record<string, unknown>;

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  return Array.isArray(value)
    ? 'a list'
    : `${typeof value === 'object' ? 'an object' : JSON.stringify(value).slice(0, 40)}`;
}

function fail(key: string, expected: string, value: unknown, where: string): never {
  throw new DatasetError(`expected ${key} to be ${expected}, found ${describe(value)}`, { where });
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function objectOf(value: unknown, key: string, where: string): Json {
  return isObject(value) ? value : fail(key, 'an object', value, where);
}

function textOf(value: unknown, key: string, where: string): string {
  return typeof value === 'string' ? value : fail(key, 'a string', value, where);
}

function textsOf(value: unknown, key: string, where: string): string[] {
  if (!Array.isArray(value)) return fail(key, 'a list of strings', value, where);
  return value.map((item, index) => textOf(item, `${key}[${index}]`, where));
}

/** Null counts as empty. */
const optionalText = (value: unknown, key: string, where: string) => textOf(value ?? '', key, where);

/** As Python writes a float. */
const dollars = (price: number) => `$${Number.isInteger(price) ? price.toFixed(1) : price}`;

function pricesOf(value: unknown, where: string): number[] {
  const text = optionalText(value, 'pricing', where);
  if (text === '') return [];
  const prices = text
    .split('$')
    .slice(1)
    .map((part) => part.replace(/[^\d.]/g, ''))
    .map((digits) => (digits === '' ? Number.NaN : Number(digits)));
  if (prices.length === 0 || prices.some(Number.isNaN)) {
    fail('pricing', 'a price such as "$12.50", or a range such as "$10.00 to $20.00"', value, where);
  }
  return prices.slice(0, 2);
}

function choicesOf(value: unknown, where: string): ProductOption[] {
  if (value === null || value === undefined || value === '') return [];
  const options = new Map<string, string[]>();
  for (const [key, contents] of Object.entries(objectOf(value, 'customization_options', where))) {
    if (contents === null) continue;
    const path = `customization_options.${key}`;
    if (!Array.isArray(contents)) fail(path, 'a list', contents, where);
    const values = (contents as unknown[]).map((content, index) => {
      const choice = objectOf(content, `${path}[${index}]`, where);
      return textOf(choice.value, `${path}[${index}].value`, where).trim().replaceAll('/', ' | ').toLowerCase();
    });
    options.set(key.toLowerCase(), values);
  }
  return [...options].map(([name, values]) => ({ name, values }));
}

/** An entry of a file, or of a list or object that stands for one. */
export interface CatalogueRecord {
  value: unknown;
  where: string;
}

/** What the first file knows of a product. */
export type ProductBase = Omit<Product, 'attributes' | 'wish' | 'instructions'>;

/** Reads an entry of `items_human_ins.json`: the wishes of people for one product. */
export function parseInstructions({ value, where }: CatalogueRecord): Instruction[] {
  if (!Array.isArray(value)) return fail('instructions', 'a list', value, where);
  return value.map((item, index) => {
    const key = `[${index}]`;
    const { instruction, instruction_attributes, instruction_options } = objectOf(item, key, where);
    return {
      text: textOf(instruction, `${key}.instruction`, where),
      attributes: textsOf(instruction_attributes, `${key}.instruction_attributes`, where),
      options: isObject(instruction_options)
        ? Object.fromEntries(
            Object.entries(instruction_options).map(([name, choice]) => [
              name,
              textOf(choice, `${key}.instruction_options.${name}`, where),
            ]),
          )
        : textsOf(instruction_options ?? [], `${key}.instruction_options`, where),
    };
  });
}

/** Reads an entry of `items_ins_v2.json`: the attributes of one product, and a wish made of some. */
export function parseAttributes({ value, where }: CatalogueRecord): Pick<Product, 'attributes' | 'wish'> {
  const { attributes, instruction, instruction_attributes } = objectOf(value, 'an entry', where);
  return {
    attributes: attributes === undefined ? ['DUMMY_ATTR'] : textsOf(attributes, 'attributes', where),
    wish:
      typeof instruction !== 'string'
        ? null
        : { text: instruction, attributes: textsOf(instruction_attributes, 'instruction_attributes', where) },
  };
}

/**
 * Reads an entry of `items_shuffle.json`. Without a price a product costs $100, and a range becomes a draw from it.
 * @throws DatasetError naming place and key where it is not a product.
 */
export function parseProduct({ value, where }: CatalogueRecord, { seed }: { seed: number }): ProductBase {
  const record = objectOf(value, 'a product', where);
  const asin = textOf(record.asin, 'asin', where);
  const prices = pricesOf(record.pricing, where);
  const [low = 100, high = low] = prices;
  const { small_description: features } = record;
  return {
    asin,
    category: textOf(record.category, 'category', where),
    query: textOf(record.query, 'query', where).toLowerCase().trim(),
    productCategory: textOf(record.product_category, 'product_category', where),
    name: textOf(record.name, 'name', where),
    description: optionalText(record.full_description, 'full_description', where),
    features: Array.isArray(features)
      ? textsOf(features, 'small_description', where)
      : [optionalText(features, 'small_description', where)],
    price: low + (high - low) * createRandom(seed).split('price', asin).next(),
    priceTag: prices.length < 2 ? dollars(low) : `${dollars(low)} to ${dollars(high)}`,
    options: choicesOf(record.customization_options, where),
  };
}
