import { ModelError } from '@dgpo/trajectory';
import { type RopeScaling, rotaryFrequencies } from '../../ops/rotary-table.js';

const agrees = (a: number, b: number) => Math.abs(a - b) <= 1e-5 * Math.abs(b);

/**
 * The llama3 scaling behind `rope_freqs.weight`: for each pair of dimensions, llama.cpp stores by what its frequency is divided. The band
 * is that of every published model (`low_freq_factor` 1, `high_freq_factor` 4) and the original context a power of two; another scaling
 * with the same factors is the same mathematics.
 *
 * Source: `generate_extra_tensors` of `LlamaModel` in llama.cpp's convert_hf_to_gguf.py.
 *
 * @throws ModelError when no such scaling has these factors
 */
export function scalingOfFactors(options: {
  factors: Float32Array;
  headDim: number;
  ropeTheta: number;
  where: string;
}): RopeScaling | null {
  const { factors, headDim, ropeTheta: theta, where } = options;
  if (factors.length === headDim / 2) {
    if (factors.every((factor) => agrees(factor, 1))) return null;
    const plain = rotaryFrequencies({ headDim, theta, scaling: null });
    for (let exponent = 5; exponent <= 20; exponent++) {
      const scaling: RopeScaling = {
        type: 'llama3',
        // A float32 of the file; those of published models are exact.
        factor: Math.max(...factors),
        lowFreqFactor: 1,
        highFreqFactor: 4,
        originalMaxPositionEmbeddings: 2 ** exponent,
      };
      const scaled = rotaryFrequencies({ headDim, theta, scaling });
      if (factors.every((factor, index) => agrees((plain[index] as number) / (scaled[index] as number), factor))) {
        return scaling;
      }
    }
  }
  throw new ModelError(
    'the factors in "rope_freqs.weight" are not those of a llama3 scaling; use the model in the format of Hugging Face, whose config.json says what they are',
    { where },
  );
}
