import type { Goal } from './product.js';

/** The pages of a product that have pages of their own. */
export type SubPage = 'description' | 'features' | 'reviews' | 'attributes';

/** Where a customer is. */
export type WebshopState = {
  instruction: string;
  goal: Goal;
  page: 'search' | 'results' | 'item' | SubPage | 'done';
  keywords: string | null;
  /** The products found, by `asin`, best first. */
  results: readonly string[];
  /** From 1; may lie beyond the last product. */
  resultsPage: number;
  /** The product that is looked at. */
  asin: string | null;
  /** The chosen values by option name. */
  options: Readonly<Record<string, string>>;
  /** Products looked at since the search page. */
  visited: readonly string[];
  /** Null until something is bought. */
  result: { correct: boolean; reward: number } | null;
};

/** A customer without anything found, looked at or chosen. */
export function searchPage({ instruction, goal }: Pick<WebshopState, 'instruction' | 'goal'>): WebshopState {
  return {
    instruction,
    goal,
    page: 'search',
    keywords: null,
    results: [],
    resultsPage: 1,
    asin: null,
    options: {},
    visited: [],
    result: null,
  };
}
