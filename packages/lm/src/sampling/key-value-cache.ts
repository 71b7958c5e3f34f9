import type { Weigh } from './token-weights.js';

/** New tokens of one sequence. */
export interface CacheRow {
  /** Which sequence, in `[0, slots)`. */
  slot: number;
  /** Position of the first new token; everything before it is in the cache. */
  position: number;
  tokenIds: readonly number[];
  /** Whether the logits after the last new token are wanted. */
  logits: boolean;
}

/** Keys and values of many sequences, with the forward pass that fills them. */
export interface KeyValueCache {
  /**
   * Runs the new tokens of some sequences, each named once, through the model. What was cached of a sequence from its first new
   * token on is overwritten.
   *
   * @param onLogits gets the logits `[vocabulary]` of each row that asked, in order, and the row's number among those. They are valid
   * until it returns, and nothing may run on the engine before that.
   * @throws ModelError when the cache needs more memory than there is
   */
  extend(rows: readonly CacheRow[], onLogits: (logits: Float32Array, index: number) => void): Promise<void>;
  /** Turns logits into weights, for what `onLogits` gets. */
  readonly weigh: Weigh;
  /** Forgets what a slot holds from position `length` on. Returns how much is left, which may be less by part of a page. */
  truncate(slot: number, length: number): number;
  /**
   * Gives slot `to` the first `length` tokens of slot `from` in place of its own. Returns how many it has then, which may be fewer
   * by part of a page.
   */
  share(options: { from: number; to: number; length: number }): number;
  /** Forgets everything and gives the memory back. */
  clear(): void;
}

export interface KeyValueCacheOptions {
  /** Sequences at one time. */
  slots: number;
  /** Called when memory is short: frees a slot that nobody needs. Returns whether there was one. */
  reclaim: () => boolean;
}
