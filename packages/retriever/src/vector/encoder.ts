/**
 * Turns texts into vectors whose inner product says how alike they are. The seam for embedding models: those may answer later
 * (a promise) and treat queries and passages differently (`query: ` and `passage: ` of E5).
 */
export interface Encoder {
  /** Length of every vector. */
  readonly dimension: number;
  /** What the encoder is, as plain JSON with a `kind`; part of the fingerprint of an index. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** One vector of length 1 for each text, in order. A text without any feature gives the zero vector. */
  encode(
    texts: readonly string[],
    /** @default 'passage' */
    role?: 'query' | 'passage',
    /** Ends the work early with the signal's reason. */
    signal?: AbortSignal,
  ): Float32Array[] | Promise<Float32Array[]>;
  /** Writes into the directory whatever the settings alone do not restore. */
  save(directory: string): Promise<void>;
  /** Frees what the encoder holds, such as a loaded model. */
  close?(): Promise<void>;
}
