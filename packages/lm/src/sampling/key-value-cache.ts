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
  readonly slots: number;
  /** Longest sequence that fits. */
  readonly maxTime: number;
  /**
   * Runs the new tokens of some sequences through the model. A sequence may go back to an earlier position: what was cached from
   * there on is overwritten.
   *
   * @returns logits `[vocabulary]` for each row that asked, in order
   */
  extend(rows: readonly CacheRow[]): Promise<Float32Array[]>;
  dispose(): void;
}
