/** Judges how well texts answer a query: the seam for cross-encoders and rerank servers. */
export interface Reranker {
  /** One score for each text, in order; higher is better. */
  scores(options: { query: string; texts: readonly string[]; signal?: AbortSignal }): Promise<number[]>;
}
