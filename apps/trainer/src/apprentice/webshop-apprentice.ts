import type { EpisodeState } from '@dgpo/envs';
import type { Product, WebshopState } from '@dgpo/envs/webshop';
import type { WebshopSkill } from './webshop-skills.js';

interface Buyer {
  state: WebshopState;
  skills: ReadonlySet<WebshopSkill>;
  productOf: (asin: string) => Product;
  /** Commands so far. */
  done: readonly string[];
}

const wishesOf = ({ goal }: WebshopState): string[] =>
  (Array.isArray(goal.options) ? [...goal.options] : Object.values(goal.options)).map((wish) => wish.toLowerCase());

const plain = (text: string) =>
  text
    .replace(/[[\]\s]+/g, ' ')
    .trim()
    .toLowerCase();

/** The lowest price that is shown of a product, in dollars. */
const priceOf = ({ priceTag }: Product) => Number(/\d+(?:\.\d+)?/.exec(priceTag)?.[0] ?? 0);

function offers({ options }: Product, wish: string): boolean {
  return options.some(({ values }) => values.includes(wish));
}

/** Whether all traits of the wish stand on the pages of a product. */
function hasTraits({ state: { goal } }: Buyer, product: Product): boolean {
  const text = [product.name, ...product.features].join('\n').toLowerCase();
  return goal.attributes.every((attribute) => text.includes(attribute.toLowerCase()));
}

/** Products found that are not looked at yet; who minds the price passes over those above the limit. */
function candidates({ productOf, skills, state }: Buyer): string[] {
  const { goal, results, visited } = state;
  const unseen = results.filter((asin) => !visited.includes(asin));
  const affordable = unseen.filter((asin) => priceOf(productOf(asin)) <= goal.priceUpper);
  return skills.has('price') && (affordable.length > 0 || visited.length > 0) ? affordable : unseen;
}

/** Whether the features of the product in view were opened since it came into view. */
function sawFeatures({ done, state: { asin } }: Buyer): boolean {
  const opened = done.lastIndexOf(`click[${asin?.toLowerCase()}]`);
  return done.indexOf('click[features]', Math.max(0, opened)) >= 0;
}

function onItem(buyer: Buyer, product: Product): string {
  const { skills, state } = buyer;
  const wishes = skills.has('options') ? wishesOf(state) : [];
  const goesOn = candidates(buyer).length > 0;
  if (goesOn && wishes.some((wish) => !offers(product, wish))) return 'click[< prev]';
  if (skills.has('features')) {
    if (!sawFeatures(buyer)) return 'click[features]';
    if (goesOn && !hasTraits(buyer, product)) return 'click[< prev]';
  }
  const chosen = Object.values(state.options);
  const open = wishes.find((wish) => offers(product, wish) && !chosen.includes(wish));
  return open === undefined ? 'click[buy now]' : `click[${open}]`;
}

/**
 * The next command of a buyer who has some of the skills: it searches for the kind of product and the wished options, and looks at what
 * was found in order. Where a skill is missing it leaves that part out: the features are not read, the price is not minded, the options
 * are not chosen; without any it buys the first result. With all skills it finds the product of the wish.
 */
export function webshopCommand(
  episode: EpisodeState,
  {
    productOf,
    productsPerPage,
    skills,
  }: { skills: ReadonlySet<WebshopSkill>; productOf: (asin: string) => Product; productsPerPage: number },
): string {
  // The shop alone writes this field of its episodes.
  const state = episode.world as WebshopState;
  const buyer: Buyer = { state, skills, productOf, done: episode.actions.map(({ command = '' }) => command) };
  const { asin, goal, page, results, resultsPage } = state;
  switch (page) {
    case 'search':
      return `search[${plain([goal.query, ...wishesOf(state)].join(' '))}]`;
    case 'results': {
      const [next = results[0] ?? ''] = candidates(buyer);
      const target = Math.floor(results.indexOf(next) / productsPerPage) + 1;
      if (target === resultsPage) return `click[${next.toLowerCase()}]`;
      return target > resultsPage ? 'click[next >]' : 'click[< prev]';
    }
    case 'item':
      return asin === null ? 'click[back to search]' : onItem(buyer, productOf(asin));
    default:
      return 'click[< prev]';
  }
}
