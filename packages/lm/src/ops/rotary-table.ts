/**
 * Stretches the rotary frequencies `f` of a model to contexts longer than it was first trained on, named as in Hugging Face's
 * `rope_scaling`.
 */
export type RopeScaling =
  /** `f / factor` (Chen et al. 2023, arXiv 2306.15595, equation 4). */
  | { type: 'linear'; factor: number }
  /**
   * `f / factor` where fewer than `lowFreqFactor` turns fit into `originalMaxPositionEmbeddings`, `f` where more than `highFreqFactor`
   * do, and a blend in between (Llama 3.1; `_compute_llama3_parameters` of transformers).
   */
  | {
      type: 'llama3';
      factor: number;
      lowFreqFactor: number;
      highFreqFactor: number;
      originalMaxPositionEmbeddings: number;
    };

function scaled(frequency: number, scaling: RopeScaling | null): number {
  if (scaling === null) return frequency;
  const slow = frequency / scaling.factor;
  if (scaling.type === 'linear') return slow;
  const { lowFreqFactor, highFreqFactor, originalMaxPositionEmbeddings } = scaling;
  const turns = (originalMaxPositionEmbeddings * frequency) / (2 * Math.PI);
  const kept = Math.min(1, Math.max(0, (turns - lowFreqFactor) / (highFreqFactor - lowFreqFactor)));
  return (1 - kept) * slow + kept * frequency;
}

/** Angle per position of each pair of dimensions, `headDim / 2` numbers: `theta^(-2i / headDim)`, scaled. */
export function rotaryFrequencies(options: { headDim: number; theta: number; scaling: RopeScaling | null }): number[] {
  const { headDim, theta, scaling } = options;
  const half = headDim / 2;
  return Array.from({ length: half }, (_, index) => scaled(theta ** (-index / half), scaling));
}

/**
 * Cosines and sines of rotary position embedding, `[maxPositions, headDim]`: the first half of a row cosines, the second half sines
 * of `position * theta^(-2i / headDim)` (Su et al. 2021, arXiv 2104.09864; half-split pairing as in Hugging Face).
 */
export function rotaryTable(options: {
  maxPositions: number;
  headDim: number;
  theta: number;
  /** @default null, frequencies as they are */
  scaling?: RopeScaling | null;
}): Float32Array {
  const { maxPositions, headDim, theta, scaling = null } = options;
  const half = headDim / 2;
  const frequencies = rotaryFrequencies({ headDim, theta, scaling });
  const table = new Float32Array(maxPositions * headDim);
  for (let position = 0; position < maxPositions; position++) {
    for (const [index, frequency] of frequencies.entries()) {
      const angle = position * frequency;
      table[position * headDim + index] = Math.cos(angle);
      table[position * headDim + half + index] = Math.sin(angle);
    }
  }
  return table;
}

/** The table of a model that does not rotate: cosines 1, sines 0. */
export function unrotatedTable({ maxPositions, headDim }: { maxPositions: number; headDim: number }): Float32Array {
  const half = headDim / 2;
  return Float32Array.from({ length: maxPositions * headDim }, (_, index) => (index % headDim < half ? 1 : 0));
}
