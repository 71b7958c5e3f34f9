/** Says how well each text answers a query, looking at both at once: slower and better than comparing vectors. */
export interface Reranker {
  /** One score for each text, in order; higher is better. Scores of one query can be compared, those of different ones not. */
  scores(options: { query: string; texts: readonly string[]; signal?: AbortSignal }): Promise<number[]>;
  /**
   * What makes a text for `scores` out of a passage's contents.
   * @default formatPassage
   */
  readonly format?: (contents: string) => string;
  /** Frees what the reranker holds, such as a loaded model. */
  close?(): Promise<void>;
}
