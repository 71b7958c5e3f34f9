import { ConfigError, createRandom, type Random } from '@dgpo/trajectory';
import { addProduct, createDetails } from './join-catalogue.js';
import { type Category, categories, type Kind, optionValues } from './kinds.js';
import type { Catalogue } from './product.js';
import type { ProductBase } from './product-records.js';

export interface CreateCatalogueOptions {
  /** @default 1000 */
  products?: number;
  /** @default 0 */
  seed?: number;
  /**
   * How many brands make the same kind of product, at least. With 1 a search for a kind finds few products, and catalogues of 120 have
   * every kind. @default 4
   */
  familiesPerKind?: number;
  /** Wishes by people for each product, with traits and options of their own. @default 1 */
  wishesPerProduct?: number;
  /** Names products by two of 128 syllables, such as `BAN-TOL`, for small models that have to spell them. @default false: ten characters, as in the original */
  shortAsins?: boolean;
}

/** A product as it lies in `items_shuffle.json`. */
export interface ItemRecord {
  asin: string;
  category: string;
  query: string;
  product_category: string;
  name: string;
  full_description: string;
  small_description: string[];
  pricing: string;
  customization_options: Record<string, { value: string; image: null }[]>;
  images: string[];
}

/** The three files of a catalogue. */
export interface CatalogueFiles {
  /** `items_shuffle.json` */
  items: ItemRecord[];
  /** `items_ins_v2.json` */
  attributes: Record<string, { attributes: string[]; instruction: string; instruction_attributes: string[] }>;
  /** `items_human_ins.json` */
  instructions: Record<
    string,
    { asin: string; instruction: string; instruction_attributes: string[]; instruction_options: string[] }[]
  >;
}

const capitalized = (text: string) => text.replace(/(^|[\s-])[a-z]/g, (start) => start.toUpperCase());
const some = <T>(random: Random, items: readonly T[], least: number, most: number): T[] =>
  random.shuffle(items).slice(0, least + random.integer(most - least + 1));
const cents = (random: Random, [low, high]: readonly [number, number]) =>
  Math.floor(low + (high - low) * random.next()) + random.pick([0.49, 0.95, 0.99]);

const starts = ['ba', 'ke', 'lo', 'mi', 'nu', 'ra', 'so', 'ti', 'va', 'ze', 'bri', 'cle', 'dro', 'fen', 'gar', 'hal'];
const ends = ['dex', 'lia', 'mont', 'nova', 'rin', 'sko', 'tara', 'vell', 'wick', 'zen', 'bo', 'qua', 'lund', 'pera'];
const series = 'Classic Prime Everyday Essential Studio Comfort Heritage Active Select Urban'.split(' ');

/** Products that differ in little but what a wish is about: the same brand, series and kind. */
const siblings = 4;

interface Family {
  category: Category;
  kind: Kind;
  title: string;
}

/** Kinds of small catalogues are so few that there are `familiesPerKind` brands to choose from. */
function familyOf(
  number: number,
  { families, familiesPerKind, root }: { families: number; familiesPerKind: number; root: Random },
): Family {
  const random = root.split('family', number);
  const category = categories[number % categories.length] as Category;
  const kindsPerCategory = Math.floor(families / familiesPerKind / categories.length);
  const kinds = category.kinds.slice(0, Math.max(1, kindsPerCategory));
  const kind = kinds[Math.floor(number / categories.length) % kinds.length] as Kind;
  const brand = capitalized(random.pick(starts) + random.pick(ends));
  return { category, kind, title: `${brand} ${random.pick(series)} ${capitalized(kind.query)}` };
}

function wishText(kind: Kind, attributes: readonly string[], options: readonly string[], random: Random): string {
  const traits = attributes.join(', ');
  const choices = options.length === 0 ? '' : `, ${options.join(' and ')}`;
  return random.pick([
    `i need ${kind.query} with these traits: ${traits}${choices}`,
    `show me ${traits} ${kind.query}${choices}`,
    `i want to buy ${kind.query}${choices}. it should be ${traits}`,
    `looking for ${kind.query} that is ${traits}${choices}`,
  ]);
}

/** What short names are made of. */
const syllables = Array.from('BDKLMPRT', (onset) =>
  Array.from('AEIO', (vowel) => Array.from('LMNR', (coda) => `${onset}${vowel}${coda}`)),
).flat(2);

const shortAsinCount = syllables.length ** 2;

/** Names of the products of a catalogue: no two alike, since 7919 is prime to the number of short ones, and long ones only grow. */
function asinsFrom(random: Random, { short }: { short: boolean }): (number: number) => string {
  if (!short) {
    const first = random.integer(36 ** 4);
    return (number) => `B${(first + number * 7919).toString(36).toUpperCase().padStart(9, '0')}`;
  }
  const first = random.integer(shortAsinCount);
  return (number) => {
    const place = (first + number * 7919) % shortAsinCount;
    return [Math.floor(place / syllables.length), place % syllables.length].map((index) => syllables[index]).join('-');
  };
}

/** One product of a family with its wishes. */
function createProduct(family: Family, { asin, random, wishes }: { asin: string; random: Random; wishes: number }) {
  const { category, kind, title } = family;
  const attributes = some(random, category.attributes, 4, 6);
  const [shown, ...hidden] = attributes as [string, ...string[]];
  const options = Object.fromEntries(
    kind.options.map((key) => {
      const { name, values } = optionValues[key] as { name: string; values: readonly string[] };
      const offered = new Set(some(random, values, 3, 5));
      return [name, values.filter((value) => offered.has(value)).map((value) => ({ value, image: null }))];
    }),
  );
  const low = cents(random, kind.price);
  const item: ItemRecord = {
    asin,
    category: category.name,
    query: kind.query,
    product_category: [category.department, ...kind.path].join(' › '),
    name: `${title}, ${capitalized(shown)}`,
    full_description: `The ${title} is made for people who use their ${kind.query} every day.`,
    small_description: [
      `${capitalized(kind.query)} of the ${title} line`,
      ...hidden.map((attribute) => `${capitalized(attribute)}: tested and found in every piece`),
    ],
    pricing: `$${low.toFixed(2)}${random.next() < 0.1 ? ` to $${(low + 5 + random.integer(20)).toFixed(2)}` : ''}`,
    customization_options: options,
    images: [`images/${asin}.png`],
  };
  const drawWish = () => {
    const wished = some(random, hidden, 2, 3);
    const choices = Object.values(options).map((values) => random.pick(values).value.toLowerCase());
    const instruction = wishText(kind, wished, choices, random);
    return { asin, instruction, instruction_attributes: wished, instruction_options: choices };
  };
  const first = drawWish();
  const wished = first.instruction_attributes;
  const wish = wishText(kind, wished, [], random);
  return {
    item,
    attributes: { attributes, instruction: wish, instruction_attributes: wished },
    instructions: [first, ...Array.from({ length: wishes - 1 }, drawWish)],
  };
}

/**
 * An invented shop in the files of the original: five categories of six kinds, families of products that differ in traits, options and
 * price only. Most traits stand among a product's features, which a search does not see.
 * @throws ConfigError unless `products` is an integer from 1 to 100,000 (16,384 with `shortAsins`) and the other counts are integers of at least 1
 */
export function createCatalogueFiles(options: CreateCatalogueOptions = {}): CatalogueFiles {
  const { products = 1000, seed = 0, familiesPerKind = 4, wishesPerProduct = 1, shortAsins = false } = options;
  if (!Number.isInteger(products) || products < 1 || products > 100_000) {
    throw new ConfigError(`products must be an integer from 1 to 100000, not ${products}`);
  }
  if (shortAsins && products > shortAsinCount) {
    throw new ConfigError(`there are short names for ${shortAsinCount} products, not for ${products}`, {
      where: 'shortAsins',
    });
  }
  for (const [key, value] of Object.entries({ familiesPerKind, wishesPerProduct })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new ConfigError(`${key} must be an integer of at least 1, not ${value}`);
    }
  }
  const root = createRandom(seed).split('webshop');
  const families = Math.ceil(products / siblings);
  const asinOf = asinsFrom(root.split('asin'), { short: shortAsins });
  const made = Array.from({ length: products }, (_, number) => {
    const family = familyOf(Math.floor(number / siblings), { families, familiesPerKind, root });
    return createProduct(family, {
      asin: asinOf(number),
      random: root.split('product', number),
      wishes: wishesPerProduct,
    });
  });
  const shuffled = root.split('shuffle').shuffle(made);
  return {
    items: shuffled.map(({ item }) => item),
    attributes: Object.fromEntries(shuffled.map(({ item, attributes }) => [item.asin, attributes])),
    instructions: Object.fromEntries(shuffled.map(({ item, instructions }) => [item.asin, instructions])),
  };
}

/** The catalogue of {@link createCatalogueFiles}, as `readCatalogue` would read it from disk. @throws ConfigError as it does */
export function createCatalogue(options: CreateCatalogueOptions = {}): Catalogue {
  const { seed = 0 } = options;
  const files = createCatalogueFiles(options);
  const products = new Map<string, ProductBase>();
  for (const value of files.items) addProduct(products, { value, where: value.asin }, { seed });
  const details = createDetails(products);
  for (const [key, value] of Object.entries(files.attributes)) details.addAttributes({ key, value, where: key });
  for (const [key, value] of Object.entries(files.instructions)) details.addInstructions({ key, value, where: key });
  return details.join();
}
