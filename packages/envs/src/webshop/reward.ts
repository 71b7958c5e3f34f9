import { normalizeColor, normalizeNamedColor } from './normalize-color.js';
import type { Goal, Product } from './product.js';
import { tokenSetRatio } from './token-set-ratio.js';

/** Texts that agree better than this count as the same. */
const enough = 85;

const agrees = (left: string, right: string) => tokenSetRatio(left, right) > enough;

/** What was bought, and how. */
export interface Purchase {
  product: Pick<Product, 'query' | 'productCategory' | 'name' | 'attributes' | 'features' | 'description' | 'price'>;
  /** The chosen values. */
  options: readonly string[];
}

export interface RewardDetails {
  /** From 0 to 1: 1 if everything is as wished. */
  reward: number;
  /** 1 for a product of the wished type; less where its name has few nouns of the wished name. */
  type: number;
  /** Attributes that match. */
  attributes: number;
  /** Options that match. */
  options: number;
  /** Whether it costs as little as wished. */
  price: boolean;
}

const partsOf = (category: string) => new Set(category.split('›').map((part) => part.trim()));

function typeReward({ product }: Purchase, goal: Goal, nounsOf: (text: string) => readonly string[]): number {
  const wished = partsOf(goal.productCategory);
  const shared = [...partsOf(product.productCategory)].filter((part) => wished.has(part)).length;
  const nouns = nounsOf(goal.name);
  const bought = new Set(nounsOf(product.name));
  // Shared nouns once each, over all nouns of the wish.
  const common = [...new Set(nouns)].filter((noun) => bought.has(noun)).length;
  const titleScore = nouns.length === 0 ? 0.2 : common / nouns.length;
  if (titleScore === 0) return 0;
  if (titleScore < 0.1) return 0.1;
  return product.query === goal.query || shared >= 2 || titleScore > 0.2 ? 1 : 0.5;
}

function countAttributes({ product }: Purchase, goal: Goal): number {
  const texts = [product.name, product.features.join(' '), product.description].map((text) => text.toLowerCase());
  return goal.attributes.filter(
    (wished) =>
      product.attributes.some((attribute) => agrees(attribute, wished)) || texts.some((text) => text.includes(wished)),
  ).length;
}

const optionsOf = ({ options }: Goal): string[] =>
  Array.isArray(options)
    ? options.map(normalizeColor)
    : Object.entries(options).map(([name, value]) => normalizeNamedColor(name, value));

function countOptions({ options }: Purchase, wishes: readonly string[]): number {
  const chosen = options.map(normalizeColor);
  return wishes.filter((wish) => chosen.some((option) => agrees(option, wish))).length;
}

/**
 * The reward of a purchase: type · (attributes + options + price) / (number of wished attributes + wished options + 1). WebShop
 * (https://arxiv.org/abs/2207.01206), `get_reward` in `web_agent_site/engine/goal.py` at 64fa2a5, with its quirks: any chosen option
 * may match a wished one, and a name without any noun of the wish earns nothing even in the same category.
 *
 * @param options.nounsOf nouns and names of a product's name in lower case, in order, with repetition; the original asks spaCy
 */
export function scorePurchase({
  purchase,
  goal,
  nounsOf,
}: {
  purchase: Purchase;
  goal: Goal;
  nounsOf: (text: string) => readonly string[];
}): RewardDetails {
  const type = typeReward(purchase, goal, nounsOf);
  const wishes = optionsOf(goal);
  const attributes = countAttributes(purchase, goal);
  const options = countOptions(purchase, wishes);
  const price = purchase.product.price <= goal.priceUpper;
  const reward = ((attributes + options + Number(price)) / (goal.attributes.length + wishes.length + 1)) * type;
  return { reward, type, attributes, options, price };
}
