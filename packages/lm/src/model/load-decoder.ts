import type { Tokenizer } from '../tokenizer/tokenizer.js';
import { allocateParameters } from './allocate-parameters.js';
import { shapesWithHead } from './checkpoint-layout.js';
import { type Decoder, decoderOf } from './decoder.js';
import { withModel } from './open-model.js';
import { valueHeadName } from './parameter-shapes.js';

/**
 * Loads a model into the current engine. The tensors are read piece by piece to where the engine keeps them: beside the weights in
 * float32, a few megabytes are held.
 *
 * @throws ModelError with the file and the field or tensor that is wrong, or when the engine's heap is full
 */
export async function loadDecoder(options: {
  /** A folder in the layout of Hugging Face, a folder of adapters (they are merged into their base), or the path of a `.gguf` file. */
  directory: string;
  /** Adds a head with one output per token, 0 unless the folder has one: the critic of PPO. @default false */
  valueHead?: boolean;
}): Promise<{ decoder: Decoder; tokenizer: Tokenizer }> {
  const { directory, valueHead = false } = options;
  return withModel(directory, async ({ config, tokenizer, read }) => {
    const allocated = allocateParameters(shapesWithHead({ config, valueHead }));
    try {
      if (valueHead) allocated.values(valueHeadName).fill(0);
      await read({ valueHead, parameter: allocated.values });
      return { decoder: decoderOf({ config, allocated }), tokenizer };
    } catch (error) {
      allocated.dispose();
      throw error;
    }
  });
}
