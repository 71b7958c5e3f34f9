import type { Catalogue, Product } from './product.js';
import {
  type CatalogueRecord,
  type ProductBase,
  parseAttributes,
  parseInstructions,
  parseProduct,
} from './product-records.js';

/**
 * Adds a product by its `asin`; as in the original not if it is there already, if its `asin` is `nan` or longer than ten characters.
 * @throws DatasetError for a record that is no product.
 */
export function addProduct(
  products: Map<string, ProductBase>,
  record: CatalogueRecord,
  settings: { seed: number },
): void {
  const product = parseProduct(record, settings);
  const { asin } = product;
  if (asin !== 'nan' && asin.length <= 10 && !products.has(asin)) products.set(asin, product);
}

type Entry = CatalogueRecord & { key: string | null };
type Details = Pick<Product, 'attributes' | 'wish' | 'instructions'>;

/** What is known of products for which the other files have nothing. */
const noDetails: Details = { attributes: ['DUMMY_ATTR'], wish: null, instructions: [] };

/** Gathers what the other two files know of the products that are sold. */
export function createDetails(products: ReadonlyMap<string, ProductBase>) {
  const details = new Map<string, Details>();
  const add = ({ key, value, where }: Entry, parse: (record: CatalogueRecord) => Partial<Details>) => {
    if (key === null || !products.has(key)) return;
    details.set(key, { ...(details.get(key) ?? noDetails), ...parse({ value, where }) });
  };
  return {
    addAttributes: (entry: Entry) => add(entry, parseAttributes),
    addInstructions: (entry: Entry) => add(entry, (record) => ({ instructions: parseInstructions(record) })),
    join: (): Catalogue => ({
      products: [...products.values()].map((product) => ({ ...product, ...(details.get(product.asin) ?? noDetails) })),
    }),
  };
}
