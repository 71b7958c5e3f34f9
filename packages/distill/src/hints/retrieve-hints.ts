import { ConfigError, type Task } from '@dgpo/trajectory';
import { type HintStore, hintsOfCategory } from './hint-store.js';
import { hintCategory } from './hint-task.js';
import { chooseByBm25, chooseByTfIdf } from './score-hints.js';

export interface ChooseHints {
  /** The task and what is seen first. */
  query: string;
  /** All hints of the category, the most frequent first. */
  hints: readonly string[];
  /** How many are wanted. */
  k: number;
  signal?: AbortSignal | undefined;
}

export interface ChosenHints {
  /** Of `hints`, the best first. */
  indices: readonly number[];
  /** Tokens that the choice took. @default 0 */
  tokens?: number;
}

/** Chooses the hints for a task; a retriever of any kind can be one. */
export type HintChooser = (request: ChooseHints) => ChosenHints | Promise<ChosenHints>;

/** A task about to be played. */
export interface HintRequest {
  task: Task;
  /** What is seen first. @default '' */
  observation?: string;
  signal?: AbortSignal;
}

export interface HintRetrieverOptions {
  store: HintStore;
  /** Hints of one task. @default 3 */
  k?: number;
  /**
   * `bm25` and `tfidf` compare the words of the task with those of the hints, `first` takes the most frequent ones; or a function such
   * as that of {@link createHintChooser}. The `bm25` and `tfidf` of the published runs did what `first` does. @default 'bm25'
   */
  method?: 'bm25' | 'tfidf' | 'first' | HintChooser;
  /** @default what the task says of itself, see `hintCategory` */
  categoryOf?: (request: HintRequest) => string | null | Promise<string | null>;
  /** Whether the most frequent hints fill up what the method leaves free of `k`. When it chooses none they always do. @default true */
  pad?: boolean;
}

export interface RetrievedHints {
  /** Null when nobody knows it. */
  category: string | null;
  /** At most `k`; none for a category without hints. */
  hints: string[];
  /** Tokens that the choice took. */
  tokens: number;
}

const methods: Readonly<Record<string, HintChooser>> = {
  bm25: chooseByBm25,
  tfidf: chooseByTfIdf,
  first: () => ({ indices: [] }),
};

/**
 * Retrieves the `k` best hints for a task, once, before it is played.
 *
 * The function throws what the method or `categoryOf` throw.
 *
 * @throws ConfigError for an unknown method or a `k` below 0
 */
export function createHintRetriever(options: HintRetrieverOptions): (request: HintRequest) => Promise<RetrievedHints> {
  const { store, k = 3, method = 'bm25', pad = true, categoryOf = ({ task }) => hintCategory(task) } = options;
  if (!Number.isInteger(k) || k < 0)
    throw new ConfigError(`expected a whole number of at least 0, found ${k}`, { where: 'k' });
  const choose = typeof method === 'function' ? method : Object.hasOwn(methods, method) ? methods[method] : undefined;
  if (choose === undefined) {
    throw new ConfigError(`expected bm25, tfidf, first or a function, found ${String(method)}`, { where: 'method' });
  }
  return async (request) => {
    const { observation = '', signal, task } = request;
    const category = await categoryOf(request);
    const hints = hintsOfCategory(store, category);
    if (hints.length === 0 || k === 0) return { category, hints: [], tokens: 0 };
    const chosen = await choose({ query: `${task.question}\n${observation}`, hints, k, signal });
    const usable = chosen.indices.filter((index) => hints[index] !== undefined);
    const order = usable.length === 0 || pad ? [...usable, ...hints.keys()] : usable;
    const indices = [...new Set(order)].slice(0, k);
    return { category, hints: indices.flatMap((index) => hints[index] ?? []), tokens: chosen.tokens ?? 0 };
  };
}
