/**
 * Turns texts into vectors whose inner product says how alike they are. The seam for real embedding models: those may
 * answer later (a promise) and treat queries and passages differently (`query: ` and `passage: ` of E5).
 */
export interface Encoder {
  /** Length of every vector. */
  readonly dimension: number;
  /** What the encoder is, as plain JSON with a `kind`; part of the fingerprint of an index. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** One vector of length 1 for each text, in order. A text without any feature gives the zero vector. */
  encode(texts: readonly string[], role?: 'query' | 'passage'): Float32Array[] | Promise<Float32Array[]>;
  /** Writes into the directory whatever the settings alone do not restore. */
  save(directory: string): Promise<void>;
}
