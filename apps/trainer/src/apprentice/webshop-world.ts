import type { TextWorld } from '@dgpo/envs';
import {
  createCatalogue,
  createGoals,
  createWebshop,
  type Product,
  type WebshopState,
  webshopMaxSteps,
} from '@dgpo/envs/webshop';
import { createRandom, DatasetError, type Task } from '@dgpo/trajectory';
import { smallWebshop, type WebshopSettings } from '../compute/environment-settings.js';
import { apprenticeEnvironment, shortPrompt } from './apprentice-environment.js';
import type { ApprenticeTasksOptions, ApprenticeWorld, CreateApprenticesOptions } from './apprentice-world.js';
import { webshopTurn } from './webshop-apprentice.js';
import { type WebshopSkill, webshopHints, webshopSkills } from './webshop-skills.js';

/** Every kind of product once, in four variants. */
const productsPerShop = 120;

const { pages, catalogue: kinds } = smallWebshop;

/** The rules of an episode in a small shop. */
const settings: WebshopSettings = {
  kind: 'webshop',
  catalogue: { products: productsPerShop, seed: 0, ...kinds },
  maxTurns: webshopMaxSteps,
  maxTokensPerTurn: 72,
  maxObservationTokens: 192,
  maxContextTokens: 1280,
  ...pages,
  ...shortPrompt,
};

/** Shops that apprentices practise in are none of those that seeds of recipes are likely to name. */
const firstTrainingShop = 10_000;

/** In some departments nobody thinks of the options. */
const carefulDepartments: ReadonlySet<unknown> = new Set(['beauty', 'grocery']);

interface Shop {
  world: TextWorld<WebshopState>;
  tasks: Task[];
  /** By `asin`. */
  products: ReadonlyMap<string, Product>;
}

/** Shops beside each other, opened when their goals are asked for; an episode stays in the shop that has the product of its goal. */
function createShops() {
  const shops = new Map<number, Shop>();
  const byGoal = new Map<string, Shop>();
  const open = (seed: number): Shop => {
    const known = shops.get(seed);
    if (known !== undefined) return known;
    const catalogue = createCatalogue({ products: productsPerShop, seed, ...kinds });
    const products = new Map(catalogue.products.map((product) => [product.asin, product]));
    // Invented shops may have an `asin` in common; then the later one's goal is left out.
    const tasks = createGoals({ catalogue, seed }).filter(({ goldenAnswers: [asin = ''] }) => !byGoal.has(asin));
    const shop = { world: createWebshop({ catalogue, ...pages }), tasks, products };
    shops.set(seed, shop);
    for (const asin of products.keys()) if (!byGoal.has(asin)) byGoal.set(asin, shop);
    return shop;
  };
  const find = (asin: string): Shop => {
    const found = byGoal.get(asin);
    if (found === undefined) throw new DatasetError(`no open shop has the product ${asin}`);
    return found;
  };
  const worldOf = ({ goal }: WebshopState) => find(goal.asin).world;
  const { instructions, name } = open(firstTrainingShop).world;
  const world: TextWorld<WebshopState> = {
    instructions,
    name,
    start: (task) => find(task.goldenAnswers[0] ?? '').world.start(task),
    step: (state, command) => worldOf(state).step(state, command),
    admissibleCommands: (state) => worldOf(state).admissibleCommands(state),
    expert: (state) => worldOf(state).expert(state),
  };
  return { open, productsOf: ({ goal }: WebshopState) => find(goal.asin).products, world };
}

/** Small web shops with their apprentices. */
export function createWebshopApprentices({
  limitScale = 1,
}: CreateApprenticesOptions = {}): ApprenticeWorld<WebshopSkill> {
  const { open, productsOf, world } = createShops();
  return {
    name: 'webshop',
    settings,
    environment: apprenticeEnvironment({ world, settings, limitScale }),
    vocabularyPieces: 1800,
    hints: webshopHints,
    tasks({ count, seed, split }: ApprenticeTasksOptions) {
      const first = split === 'train' ? firstTrainingShop + 1000 * seed : seed;
      const shops = Array.from({ length: Math.ceil(count / productsPerShop) }, (_, index) => open(first + index));
      const goals = shops.flatMap((shop, index) =>
        shop.tasks.map((task) => ({ ...task, id: `${task.id}-${split}-${index}` })),
      );
      return createRandom(seed).split('small-webshop', split).shuffle(goals).slice(0, count);
    },
    strengthsFor: ({ metadata }) => ({
      options: carefulDepartments.has(metadata?.type) ? 0.7 : 0.3,
      price: 0.3,
      features: 0.3,
    }),
    neededFor: () => webshopSkills,
    turn: (episode, skills) => webshopTurn(episode, { productsOf, skills, productsPerPage: pages.productsPerPage }),
  };
}
