import { normalizeColor } from './normalize-color.js';
import type { Click } from './page.js';
import type { Goal, Product } from './product.js';
import { productText } from './product-index.js';
import type { WebshopState } from './state.js';
import { tokenSetRatio } from './token-set-ratio.js';

/** What a search may say: the command ends at the last bracket. */
export function searchFor(words: string): string {
  const plain = words.replace(/[[\]\s]+/g, ' ').trim();
  return `search[${plain.toLowerCase() || 'a'}]`;
}

/** The values of a product that a goal asks for. */
function wishedValues({ options }: Product, goal: Goal): string[] {
  if (!Array.isArray(goal.options)) return Object.values(goal.options);
  const chosen = new Map<string, string>();
  for (const wish of goal.options as readonly string[]) {
    let best = { name: '', value: '', score: 85 };
    for (const { name, values } of options) {
      if (chosen.has(name)) continue;
      for (const value of values) {
        const equal = value === wish.toLowerCase();
        const score = equal ? 101 : tokenSetRatio(normalizeColor(value), normalizeColor(wish));
        if (score > best.score) best = { name, value, score };
      }
    }
    if (best.name !== '') chosen.set(best.name, best.value);
  }
  return [...chosen.values()];
}

/** What the expert knows of the shop. */
export interface ExpertShop {
  productOf(asin: string): Product;
  search(query: string): readonly string[];
  clicksOf(state: WebshopState): ReadonlyMap<string, Click>;
  /** Products on a page of results. */
  productsPerPage: number;
}

/** A search that finds the product: its name, or all that it is found by; null if neither does. */
function queryFor(product: Product, { search }: ExpertShop): string | null {
  const queries = [product.name, productText(product)].map((words) => searchFor(words).slice('search['.length, -1));
  return queries.find((query) => search(query).includes(product.asin)) ?? null;
}

/**
 * What a customer clicks who knows which product is wished: look it up by name, choose its options and buy it. Options that the product
 * does not offer are left out.
 */
export function expertCommand(state: WebshopState, shop: ExpertShop): string {
  const { goal, page, results, resultsPage, asin, options } = state;
  const product = shop.productOf(goal.asin);
  const place = results.indexOf(goal.asin);
  switch (page) {
    case 'search':
      return searchFor(queryFor(product, shop) ?? product.name);
    case 'results': {
      const target = Math.floor(place / shop.productsPerPage) + 1;
      if (place >= 0 && target === resultsPage) return `click[${goal.asin.toLowerCase()}]`;
      if (place >= 0) return target > resultsPage ? 'click[next >]' : 'click[< prev]';
      return 'click[back to search]';
    }
    case 'item': {
      if (asin !== goal.asin) return place >= 0 ? 'click[< prev]' : 'click[back to search]';
      const chosen = new Set(Object.values(options));
      const clicks = shop.clicksOf(state);
      const isOpen = (value: string) => !chosen.has(value) && clicks.get(value)?.to === 'option';
      const open = wishedValues(product, goal).find(isOpen);
      return open === undefined ? 'click[buy now]' : `click[${open}]`;
    }
    case 'done':
      return 'click[back to search]';
    default:
      return 'click[< prev]';
  }
}
