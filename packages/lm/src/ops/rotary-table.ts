/**
 * Cosines and sines of rotary position embedding, `[maxPositions, headDim]`: the first half of a row cosines, the second half sines
 * of `position * theta^(-2i / headDim)` (Su et al. 2021, arXiv 2104.09864; half-split pairing as in Hugging Face).
 */
export function rotaryTable(options: { maxPositions: number; headDim: number; theta: number }): Float32Array {
  const { maxPositions, headDim, theta } = options;
  const half = headDim / 2;
  const table = new Float32Array(maxPositions * headDim);
  for (let position = 0; position < maxPositions; position++) {
    for (let index = 0; index < half; index++) {
      const angle = position * theta ** (-index / half);
      table[position * headDim + index] = Math.cos(angle);
      table[position * headDim + half + index] = Math.sin(angle);
    }
  }
  return table;
}
