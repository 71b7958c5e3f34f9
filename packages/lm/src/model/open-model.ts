import { ModelError } from '@dgpo/trajectory';
import { isAdapterFolder } from '../lora/adapter-base.js';
import type { DecoderConfig } from './decoder-config.js';
import { openGgufModel } from './gguf/open-gguf-model.js';
import type { ModelWeights } from './model-folder.js';
import { openAdaptedModel } from './open-adapted-model.js';
import { openModelFolder } from './open-model-folder.js';

/** A model on the disk, described but not read yet. */
export interface ModelSource {
  config: DecoderConfig;
  /** @throws ModelError when its files are missing, damaged or of an unknown kind */
  loadTokenizer(): Promise<ModelWeights['tokenizer']>;
  /**
   * Reads every tensor, piece by piece, to its place in the parameters.
   *
   * @throws ModelError naming the file and the tensor: missing, of another shape, not of this architecture, truncated
   */
  read(options: {
    /** Whether there is a parameter for a value head; it is left as it is where the file has none. */
    valueHead: boolean;
    /** All values of a parameter; asked for anew for each piece, since engines may move their memory. */
    parameter: (name: string) => Float32Array;
  }): Promise<void>;
  close(): Promise<void>;
}

const openWeights = (path: string) => (path.endsWith('.gguf') ? openGgufModel(path) : openModelFolder(path));

/**
 * Opens a folder in the layout of Hugging Face, a folder of adapters with its base, or a file whose name ends in `.gguf`.
 *
 * @throws ModelError with the file and the field that is wrong
 */
export async function openModelSource(path: string): Promise<ModelSource> {
  return isAdapterFolder(path) ? openAdaptedModel({ directory: path, open: openWeights }) : openWeights(path);
}

/**
 * Opens a model as {@link openModelSource} does, hands it to `use`, and closes it.
 *
 * @throws ModelError with the file and the field that is wrong
 */
export async function withModel<Result>(
  path: string,
  use: (model: ModelSource & { tokenizer: ModelWeights['tokenizer'] }) => Promise<Result>,
): Promise<Result> {
  const model = await openModelSource(path);
  try {
    const tokenizer = await model.loadTokenizer();
    const { vocabularySize } = model.config;
    if (tokenizer.vocabularySize > vocabularySize) {
      throw new ModelError(
        `the tokenizer has ${tokenizer.vocabularySize} tokens, the model only ${vocabularySize}; they do not belong together, use the tokenizer files of the model`,
        { where: path },
      );
    }
    return await use({ ...model, tokenizer });
  } finally {
    await model.close();
  }
}
