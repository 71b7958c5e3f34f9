import type { Tokenizer } from '../tokenizer/tokenizer.js';
import { saveTokenizer } from '../tokenizer/tokenizer-file.js';
import type { DecoderConfig } from './decoder-config.js';
import { flatView } from './flat-view.js';
import type { ModelCard } from './model-card.js';
import { withModel } from './open-model.js';
import { specialIdsOf } from './special-ids.js';
import { writeModelFiles } from './write-model-files.js';

/** A model at rest: what a folder of weights holds. */
export interface ModelWeights {
  config: DecoderConfig;
  /** All parameters as one vector, in the order of `parameterShapes`. */
  parameters: Float32Array;
  tokenizer: Tokenizer;
}

/**
 * Writes a folder in the layout of Hugging Face (`config.json`, `generation_config.json`, `model.safetensors`, `tokenizer.json`,
 * `tokenizer_config.json`, and `README.md`, the model card), which `transformers` loads as the class of its architecture.
 *
 * @throws ModelError for a vector of another size or a file that cannot be written
 */
export async function saveModel(
  options: ModelWeights & {
    directory: string;
    /** @default 'F32' */
    dtype?: 'F32' | 'F16' | 'BF16';
    /** Strings for the header of the safetensors file. */
    metadata?: Record<string, string>;
    /** What the model card says beyond sizes. @default nothing */
    card?: ModelCard;
  },
): Promise<void> {
  const { directory, config, parameters, tokenizer, dtype = 'F32', metadata = {}, card = {} } = options;
  await writeModelFiles({ directory, config, parameters, tokens: specialIdsOf(tokenizer), dtype, metadata, card });
  await saveTokenizer(tokenizer, directory);
}

/**
 * Reads a folder written by {@link saveModel} or by Hugging Face for a model of a known architecture, in one file or in shards, a folder
 * of adapters, which are merged into their base, or a `.gguf` file. Beside the vector of parameters, a few megabytes are held.
 *
 * @throws ModelError with the file and the field that is wrong
 */
export async function loadModel(options: {
  /** The folder, or the path of a `.gguf` file. */
  directory: string;
}): Promise<ModelWeights> {
  return withModel(options.directory, async ({ config, tokenizer, read }) => {
    const { parameters, parameter } = flatView({ config });
    await read({ valueHead: false, parameter });
    return { config, parameters, tokenizer };
  });
}
