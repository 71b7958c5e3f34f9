import { adapterBase, tokenizerFolder } from '../lora/adapter-base.js';
import { readAdapter } from '../lora/adapter-folder.js';
import { mergeAdapter } from '../lora/merge-adapter.js';
import { loadTokenizer } from '../tokenizer/tokenizer-file.js';
import type { ModelSource } from './open-model.js';

/** Opens a folder of adapters as the model that comes of them and their base, the adapters merged. */
export async function openAdaptedModel(options: {
  directory: string;
  /** Opens the base. */
  open: (path: string) => Promise<ModelSource>;
}): Promise<ModelSource> {
  const { directory, open } = options;
  const path = await adapterBase(directory);
  const base = await open(path);
  const { config } = base;
  return {
    config,
    loadTokenizer: async () => {
      const folder = await tokenizerFolder(directory);
      return folder === path ? base.loadTokenizer() : loadTokenizer(folder);
    },
    read: async (target) => {
      const adapter = await readAdapter({ directory, config });
      await base.read(target);
      mergeAdapter({ config, adapter, parameter: target.parameter });
    },
    close: base.close,
  };
}
