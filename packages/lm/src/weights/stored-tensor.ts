/** Receives the values of a tensor piece by piece, in order; `values` may be used again after the call. */
export type OnValues = (values: Float32Array, start: number) => void;

/** A tensor in a file, whose values are read when they are asked for. */
export interface StoredTensor {
  name: string;
  shape: number[];
  /** Path of the file that holds it. */
  where: string;
  /**
   * Reads the values in row-major order as float32. Beside one piece, nothing is held.
   *
   * @throws ModelError naming the file and the tensor
   */
  read(onValues: OnValues): Promise<void>;
}

/** Elements that are read and converted at once, a multiple of every block of GGUF. */
export const chunkElements = 1 << 16;
