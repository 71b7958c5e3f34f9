import { ConfigError, createRandom, type Random, type Task } from '@dgpo/trajectory';
import type { Catalogue, Goal, Instruction, Product } from './product.js';
import { pythonShuffle } from './python-shuffle.js';

export interface CreateGoalsOptions {
  catalogue: Catalogue;
  /** Wishes by people, or wishes made of attributes with every combination of options. @default 'human' */
  instructions?: 'human' | 'synthetic';
  /** Draws price limits and the order. @default 0 */
  seed?: number;
  /** The order of the goals: drawn from the seed, or the original's one, by which the literature splits them. @default 'seeded' */
  order?: 'seeded' | 'original';
}

/** What the original seeds its order with. */
const originalSeed = 233;

/** A limit that no product reaches. */
const unlimited = 1_000_000;

/** The larger of two of the next four multiples of ten dollars above the price, below $1,000. */
function priceLimit(price: number, random: Random): number | null {
  const steps = [1, 2, 3, 4].map((step) => (Math.floor(price / 10) + step) * 10).filter((limit) => limit < 1000);
  return steps.length < 2 ? null : Math.max(...random.shuffle(steps).slice(0, 2));
}

/** Every choice of one value for each option, in the order of the options' names. */
function combinations(product: Product): Record<string, string>[] {
  const options = [...product.options].sort((left, right) => (left.name < right.name ? -1 : 1));
  return options.reduce<Record<string, string>[]>(
    (chosen, { name, values }) => chosen.flatMap((choice) => values.map((value) => ({ ...choice, [name]: value }))),
    [{}],
  );
}

function syntheticInstructions(product: Product): Instruction[] {
  const { wish } = product;
  if (wish === null) return [];
  return combinations(product).map((options) => {
    const wording = Object.entries(options).map(([name, value]) => `${name}: ${value}`);
    const text = wording.length === 0 ? wish.text : `${wish.text} with ${wording.join(', and ')}`;
    return { text, attributes: wish.attributes, options };
  });
}

/**
 * One task per wish for a product of the catalogue, in random order; wishes without attributes are left out. `metadata.goal` has what
 * the reward is computed of, and the golden answer is the product's `asin`. The original (`engine/goal.py`) draws price limits without
 * a seed, so that its goals change from start to start; their order does not.
 */
export function createGoals(options: CreateGoalsOptions): Task[] {
  const { catalogue, instructions = 'human', seed = 0, order = 'seeded' } = options;
  const root = createRandom(seed);
  const tasks = catalogue.products.flatMap((product) => {
    const wishes = instructions === 'human' ? product.instructions : syntheticInstructions(product);
    // One limit for all wishes that are made of one text.
    const shared = priceLimit(product.price, root.split('limit', product.asin));
    return wishes.flatMap(({ text, attributes, options }, index): Task[] => {
      if (attributes.length === 0) return [];
      const own = priceLimit(product.price, root.split('limit', product.asin, index));
      const limit = instructions === 'human' ? own : shared;
      const { asin, category, query, productCategory, name } = product;
      const goal: Goal = {
        asin,
        category,
        query,
        productCategory,
        name,
        attributes,
        options,
        priceUpper: limit ?? unlimited,
      };
      const wish = instructions === 'human' ? text.replace(/^\.+|\.+$/g, '') : text;
      return [
        {
          id: `${asin}-${instructions}-${index}`,
          question: limit === null ? wish : `${wish}, and price lower than ${limit.toFixed(2)} dollars`,
          goldenAnswers: [asin],
          metadata: { type: category, goal },
        },
      ];
    });
  });
  return order === 'original' ? pythonShuffle(tasks, { seed: originalSeed }) : root.split('order').shuffle(tasks);
}

export interface SplitGoalsOptions {
  /** @default 500 */
  test?: number;
  /** @default 1000 */
  validation?: number;
}

/** First the test goals, then those for validation, then those to train on: the sizes of the original by default. */
export function splitGoals(tasks: readonly Task[], { test = 500, validation = 1000 }: SplitGoalsOptions = {}) {
  if (test < 0 || validation < 0 || test + validation >= tasks.length) {
    throw new ConfigError(
      `test (${test}) and validation (${validation}) must leave some of the ${tasks.length} goals to train on: lower them`,
    );
  }
  return {
    test: tasks.slice(0, test),
    validation: tasks.slice(test, test + validation),
    train: tasks.slice(test + validation),
  };
}
