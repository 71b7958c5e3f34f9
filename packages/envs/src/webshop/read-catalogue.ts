import { ConfigError } from '@dgpo/trajectory';
import { addProduct, createDetails } from './join-catalogue.js';
import type { Catalogue } from './product.js';
import type { ProductBase } from './product-records.js';
import { readJsonElements } from './read-json-elements.js';

export interface ReadCatalogueOptions {
  /** Path of `items_shuffle.json` or `items_shuffle_1000.json`. */
  items: string;
  /** Path of `items_ins_v2.json` or `items_ins_v2_1000.json`. */
  attributes: string;
  /** Path of `items_human_ins.json`; without it there are no wishes by people. */
  instructions?: string;
  /** How many entries of `items` are read; a million products take some gigabytes of memory. @default Infinity */
  maxProducts?: number;
  /** Draws prices within ranges. @default 0 */
  seed?: number;
}

/**
 * Reads the data files of WebShop (princeton-nlp/WebShop, `setup.sh`), or files of that format, an entry at a time.
 * @throws DatasetError naming file, line and key where they are not what they should be; ConfigError for a bad option.
 */
export async function readCatalogue(options: ReadCatalogueOptions): Promise<Catalogue> {
  const { items, attributes, instructions, maxProducts = Number.POSITIVE_INFINITY, seed = 0 } = options;
  if (!(maxProducts >= 1)) throw new ConfigError(`maxProducts must be at least 1, not ${maxProducts}`);
  const products = new Map<string, ProductBase>();
  let count = 0;
  for await (const element of readJsonElements(items)) {
    if (count++ >= maxProducts) break;
    addProduct(products, element, { seed });
  }
  const details = createDetails(products);
  for await (const element of readJsonElements(attributes)) details.addAttributes(element);
  if (instructions !== undefined) {
    for await (const element of readJsonElements(instructions)) details.addInstructions(element);
  }
  return details.join();
}
