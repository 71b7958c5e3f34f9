import { ConfigError, DatasetError } from '@dgpo/trajectory';
import type { TextWorld, WorldStep } from '../text-world/text-world.js';
import { expertCommand, searchFor } from './expert.js';
import { goalOf } from './goal-of.js';
import { nounsOf as defaultNounsOf } from './nouns-of.js';
import { type ObservationMode, observationOf } from './observation.js';
import { type Click, clicksOf, piecesOf } from './page.js';
import type { Catalogue, Product } from './product.js';
import { createProductIndex, type ProductIndex } from './product-index.js';
import { scorePurchase } from './reward.js';
import { searchPage, type WebshopState } from './state.js';

/** Actions that the literature gives a customer; the environment around a world counts them. */
export const webshopMaxSteps = 15;

export interface WebshopOptions {
  catalogue: Catalogue;
  /** Searches the catalogue. @default createProductIndex(catalogue.products) */
  index?: ProductIndex;
  /** How pages are written down. @default 'text' */
  observationMode?: ObservationMode;
  /** Whether products have a page of their attributes. @default false */
  showAttributes?: boolean;
  /** Products on a page of results; fewer than the original's make shorter pages. @default 10 */
  productsPerPage?: number;
  /** Nouns and names in the name of a product, lower case, with repetition, for the reward. @default nounsOf */
  nounsOf?: (name: string) => readonly string[];
}

/** Products that a search finds. */
const maxResults = 50;

const instructions =
  'You are in a web shop and must buy what the instruction asks for. Every action is one line: search[words] looks for products, ' +
  'click[text] clicks a button, a product or an option that is on the page. Choose the wished options before click[buy now], which ' +
  'ends the visit.';

/** The name of an action and its argument, as far as a text has both. */
function parseCommand(command: string): { name: string; argument: string } | null {
  const [, name, argument] = /^([^\n]+)\[([^\n]+)\]/.exec(command.trim()) ?? [];
  return name === undefined || argument === undefined ? null : { name, argument: argument.toLowerCase() };
}

/**
 * The web shop of WebShop (Yao et al. 2022, https://arxiv.org/abs/2207.01206; princeton-nlp/WebShop at 64fa2a5): a search page,
 * pages of ten results out of fifty, pages of products with options and sub-pages, `search[…]` and `click[…]`. Buying ends an episode
 * with the original's reward, and an episode is correct if that is 1. A command that the page does not offer leaves it as it is.
 * Differences: its `<r>`, `<a>`, `<c>` and `<q>` searches are words like any others, the last page is shorter, white space around a
 * command does not matter.
 *
 * @throws ConfigError for a catalogue without products, and for pages that are not of at least one product
 */
export function createWebshop(options: WebshopOptions): TextWorld<WebshopState> {
  const { catalogue, observationMode = 'text', showAttributes = false, nounsOf = defaultNounsOf } = options;
  const { productsPerPage = 10 } = options;
  const { products } = catalogue;
  if (products.length === 0) throw new ConfigError('the catalogue has no products');
  if (!Number.isInteger(productsPerPage) || productsPerPage < 1) {
    throw new ConfigError(`expected a whole number of at least 1, found ${productsPerPage}`, {
      where: 'productsPerPage',
    });
  }
  const index = options.index ?? createProductIndex(products);
  const byAsin = new Map(products.map((product) => [product.asin, product]));
  const nouns = new Map<string, readonly string[]>();

  const productOf = (asin: string): Product => {
    const product = byAsin.get(asin);
    if (product === undefined) throw new DatasetError(`the catalogue has no product ${asin}`);
    return product;
  };
  const knownNounsOf = (name: string) => {
    const known = nouns.get(name) ?? nounsOf(name);
    nouns.set(name, known);
    return known;
  };
  const search = (query: string) =>
    index.search({ query, topK: maxResults }).map((match) => (products[match.index] as Product).asin);
  const shop = { productOf, showAttributes, productsPerPage };
  const pieces = (state: WebshopState) => piecesOf(state, shop);
  const observe = (state: WebshopState) => observationOf(pieces(state), observationMode);

  function buy(state: WebshopState): WebshopState {
    const purchase = { product: productOf(state.asin ?? ''), options: Object.values(state.options) };
    const { reward } = scorePurchase({ purchase, goal: state.goal, nounsOf: knownNounsOf });
    return { ...state, page: 'done', result: { correct: reward === 1, reward } };
  }

  function follow(state: WebshopState, click: Click): WebshopState {
    const { page, resultsPage, options: chosen, visited } = state;
    const results = { ...state, page: 'results' as const, asin: null, options: {} };
    switch (click.to) {
      case 'search':
        return searchPage(state);
      case 'next':
        return { ...results, resultsPage: resultsPage + 1 };
      case 'previous':
        if (page === 'results') return { ...results, resultsPage: resultsPage - 1 };
        return page === 'item' ? results : { ...state, page: 'item' };
      case 'product': {
        const { asin } = click;
        return { ...state, page: 'item', asin, visited: visited.includes(asin) ? visited : [...visited, asin] };
      }
      case 'option':
        return { ...state, options: { ...chosen, [click.name]: click.value } };
      case 'sub-page':
        return { ...state, page: click.page };
      case 'buy':
        return buy(state);
    }
  }

  /** The next state, or null for a command that cannot be carried out. */
  function nextState(state: WebshopState, command: string): WebshopState | null {
    const action = parseCommand(command);
    if (action === null || state.page === 'done') return null;
    if (action.name === 'search') {
      const { argument: keywords } = action;
      return {
        ...state,
        page: 'results',
        keywords,
        results: search(keywords),
        resultsPage: 1,
        asin: null,
        options: {},
      };
    }
    const click = action.name === 'click' ? clicksOf(pieces(state)).get(action.argument) : undefined;
    return click === undefined ? null : follow(state, click);
  }

  return {
    name: 'webshop',
    instructions,
    start(task) {
      const goal = goalOf(task);
      if (!byAsin.has(goal.asin)) {
        throw new DatasetError(`the catalogue has no product ${goal.asin}: tasks and catalogue belong together`, {
          where: `task ${task.id}`,
        });
      }
      const state = searchPage({ instruction: task.question, goal });
      return { state, observation: observe(state) };
    },
    step(state, command): WorldStep<WebshopState> {
      const next = nextState(state, command);
      const current = next ?? state;
      return { state: current, observation: observe(current), executed: next !== null, result: current.result };
    },
    admissibleCommands(state) {
      const clicks = [...clicksOf(pieces(state)).keys()].map((label) => `click[${label}]`);
      // Of all searches the one for what is asked.
      return (state.page === 'search' ? [...clicks, searchFor(state.instruction)] : clicks).sort();
    },
    expert: (state) =>
      expertCommand(state, { productOf, productsPerPage, search, clicksOf: (current) => clicksOf(pieces(current)) }),
  };
}
