import type { Product } from './product.js';
import type { SubPage, WebshopState } from './state.js';

/** What a click does. */
export type Click =
  | { to: 'search' | 'next' | 'previous' | 'buy' }
  | { to: 'product'; asin: string }
  | { to: 'sub-page'; page: SubPage }
  | { to: 'option'; name: string; value: string };

/** A text on a page, in reading order; what can be clicked says so. */
export interface Piece {
  text: string;
  kind: 'text' | 'button' | 'product' | 'option';
  /** Absent for texts, and for the button beside the search box. */
  click?: Click;
  /** Whether an option is chosen, or a product has been looked at. */
  marked?: boolean;
}

const text = (value: string): Piece => ({ text: value, kind: 'text' });
const button = (value: string, click: Click): Piece => ({ text: value, kind: 'button', click });

const back = button('Back to Search', { to: 'search' });
const previous = button('< Prev', { to: 'previous' });
const next = button('Next >', { to: 'next' });
const buy = button('Buy Now', { to: 'buy' });

const subPageButtons = (['Description', 'Features', 'Reviews', 'Attributes'] as const).map((title) =>
  button(title, { to: 'sub-page', page: title.toLowerCase() as SubPage }),
);

interface Shop {
  productOf(asin: string): Product;
  /** Whether pages of products have a page of attributes. */
  showAttributes: boolean;
  /** Products on a page of results. */
  productsPerPage: number;
}

function resultPieces({ results, resultsPage, visited }: WebshopState, { productOf, productsPerPage }: Shop): Piece[] {
  const shown = results.slice((resultsPage - 1) * productsPerPage, resultsPage * productsPerPage);
  return [
    text(`Page ${resultsPage} (Total results: ${results.length})`),
    ...(resultsPage > 1 ? [previous] : []),
    next,
    ...shown.flatMap((asin): Piece[] => {
      const { name, priceTag } = productOf(asin);
      const link: Piece = {
        text: asin,
        kind: 'product',
        click: { to: 'product', asin },
        marked: visited.includes(asin),
      };
      return [link, text(name), text(priceTag)];
    }),
  ];
}

function itemPieces({ options: chosen }: WebshopState, product: Product, { showAttributes }: Shop): Piece[] {
  const choices = product.options.flatMap(({ name, values }) => [
    text(name),
    ...values.map(
      (value): Piece => ({
        text: value,
        kind: 'option',
        click: { to: 'option', name, value },
        marked: chosen[name] === value,
      }),
    ),
  ]);
  const { name, priceTag } = product;
  const subPages = showAttributes ? subPageButtons : subPageButtons.slice(0, 3);
  return [previous, ...choices, text(name), text(`Price: ${priceTag}`), text('Rating: N.A.'), ...subPages, buy];
}

function subPageTexts(page: SubPage, product: Product): string[] {
  const { description, features, attributes, category, query, productCategory } = product;
  switch (page) {
    case 'description':
      return [description];
    case 'features':
      return features.map((feature) => ` ${feature}`);
    case 'attributes':
      return [...attributes.map((attribute) => ` ${attribute}`), category, query, productCategory];
    case 'reviews':
      return [];
  }
}

/** A page as its texts in reading order. The original's pages are `web_agent_site/templates`; its last page is longer. */
export function piecesOf(state: WebshopState, shop: Shop): Piece[] {
  const { page, instruction, asin } = state;
  if (page === 'done') {
    const reward = state.result?.reward ?? 0;
    return ['Thank you for shopping with us!', 'Your score (min 0.0, max 1.0)', `${reward}`].map(text);
  }
  if (page === 'search') {
    return [text('WebShop'), text('Instruction: '), text(instruction), { text: 'Search', kind: 'button' }];
  }
  const head = [text('Instruction:'), text(instruction), back];
  if (page === 'results' || asin === null) return [...head, ...resultPieces(state, shop)];
  const product = shop.productOf(asin);
  if (page === 'item') return [...head, ...itemPieces(state, product, shop)];
  const texts = subPageTexts(page, product).filter((value) => value.trim() !== '');
  return [...head, previous, ...texts.map(text)];
}

/**
 * What can be clicked on a page, by its text in lower case: buttons before options, of equal options the last one. A text with a line
 * break or an opening bracket cannot be said in a command.
 */
export function clicksOf(pieces: readonly Piece[]): Map<string, Click> {
  const clicks = new Map<string, Click>();
  const add = (label: string, click: Click | undefined) => {
    if (click !== undefined && /^[^[\n]+$/.test(label)) clicks.set(label, click);
  };
  for (const { text: value, kind, click } of pieces) if (kind === 'option') add(value, click);
  for (const { text: value, kind, click } of pieces) if (kind !== 'option') add(value.toLowerCase(), click);
  return clicks;
}
