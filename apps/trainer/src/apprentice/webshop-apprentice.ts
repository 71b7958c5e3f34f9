import type { EpisodeState } from '@dgpo/envs';
import { type Product, placeOf, type WebshopState } from '@dgpo/envs/webshop';
import { DatasetError } from '@dgpo/trajectory';
import type { ApprenticeTurn } from './apprentice-world.js';
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

/** Whether a trait stands on the pages of a product. */
function hasTrait(product: Product, attribute: string): boolean {
  return [product.name, ...product.features].join('\n').toLowerCase().includes(attribute.toLowerCase());
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

function aboutFeatures({ productOf, state: { asin, goal } }: Buyer): string {
  const product = asin === null ? undefined : productOf(asin);
  const lacking = product && goal.attributes.find((attribute) => !hasTrait(product, attribute));
  return `I want ${lacking ?? goal.attributes.join(', ')}: ${lacking === undefined ? 'here' : 'not here'}.`;
}

function onItem(buyer: Buyer, product: Product): ApprenticeTurn {
  const { skills, state } = buyer;
  const wishes = skills.has('options') ? wishesOf(state) : [];
  const goesOn = candidates(buyer).length > 0;
  const missing = wishes.find((wish) => !offers(product, wish));
  if (goesOn && missing !== undefined) return { thought: `I want ${missing}: not here.`, command: 'click[< prev]' };
  if (skills.has('features')) {
    const { attributes } = state.goal;
    if (!sawFeatures(buyer)) {
      return { thought: 'I look the features up.', command: 'click[features]' };
    }
    const lacking = attributes.find((attribute) => !hasTrait(product, attribute));
    if (goesOn && lacking !== undefined) return { thought: `I want ${lacking}: not here.`, command: 'click[< prev]' };
  }
  const chosen = Object.values(state.options);
  const open = wishes.find((wish) => offers(product, wish) && !chosen.includes(wish));
  return open === undefined
    ? { thought: 'I take it.', command: 'click[buy now]' }
    : { thought: `I want ${open}: here.`, command: `click[${open}]` };
}

/**
 * The next turn of a buyer who has some of the skills: it searches for the kind of product and the wished options, and looks at what
 * was found in order. Where a skill is missing it leaves that part out: the features are not read, the price is not minded, the options
 * are not chosen; without any it buys the first result. With all skills it finds the product of the wish. Its thought says which part of
 * the wish it minds and whether the page has it.
 */
export function webshopTurn(
  episode: EpisodeState,
  {
    productsOf,
    productsPerPage,
    skills,
  }: {
    skills: ReadonlySet<WebshopSkill>;
    /** The products of the shop of an episode, by `asin`. */
    productsOf: (state: WebshopState) => ReadonlyMap<string, Product>;
    productsPerPage: number;
  },
): ApprenticeTurn {
  // The shop alone writes this field of its episodes.
  const state = episode.world as WebshopState;
  const products = productsOf(state);
  const productOf = (found: string): Product => {
    const product = products.get(found);
    if (product === undefined) throw new DatasetError(`the shop of the goal has no product ${found}`);
    return product;
  };
  const buyer: Buyer = { state, skills, productOf, done: episode.actions.map(({ command = '' }) => command) };
  const { asin, goal, page, results, resultsPage } = state;
  switch (page) {
    case 'search': {
      const words = plain([goal.query, ...wishesOf(state)].join(' '));
      return { thought: `I want ${words}.`, command: `search[${words}]` };
    }
    case 'results': {
      const [next = results[0] ?? ''] = candidates(buyer);
      const target = Math.floor(results.indexOf(next) / productsPerPage) + 1;
      if (target === resultsPage) {
        const name = next.toLowerCase();
        // As the page has it: who copies finds the name by the word before it.
        const found = `${placeOf(results.indexOf(next) % productsPerPage)} ${name}`;
        const price = `below ${goal.priceUpper}: ${found} at ${priceOf(productOf(next))}`;
        const thought = skills.has('price') ? `I want it ${price}.` : `I look at ${found}.`;
        return { thought, command: `click[${name}]` };
      }
      return { thought: 'I go on.', command: target > resultsPage ? 'click[next >]' : 'click[< prev]' };
    }
    case 'item':
      return asin === null
        ? { thought: 'I start again.', command: 'click[back to search]' }
        : onItem(buyer, productOf(asin));
    default:
      return { thought: aboutFeatures(buyer), command: 'click[< prev]' };
  }
}
