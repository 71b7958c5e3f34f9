import type { EndedBy, SortKey } from './api.js';

/** The words that the query of `/api/episodes` knows. Without Node, for the page too. */
export const endings: readonly string[] = ['answer', 'turns', 'length', 'error'] satisfies EndedBy[];
export const sortKeys: readonly string[] = [
  'order',
  'question',
  'correct',
  'reward',
  'searches',
  'tokens',
  'step',
] satisfies SortKey[];

export const isEndedBy = (word: string): word is EndedBy => endings.includes(word);
export const isSortKey = (word: string): word is SortKey => sortKeys.includes(word);
