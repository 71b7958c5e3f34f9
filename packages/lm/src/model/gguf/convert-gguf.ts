import { join } from 'node:path';
import { ModelError } from '@dgpo/trajectory';
import type { GgufFile } from '../../weights/gguf/open-gguf.js';
import { writeFileBeside } from '../../weights/write-file-beside.js';
import { flatView } from '../flat-view.js';
import type { ModelCard } from '../model-card.js';
import type { SpecialIds } from '../special-ids.js';
import { writeModelFiles } from '../write-model-files.js';
import { openGgufModel, tokenizerFilesOf } from './open-gguf-model.js';

function specialIds(metadata: GgufFile['metadata'], where: string): SpecialIds {
  const idOf = (name: string) => {
    const id = metadata.get(`tokenizer.ggml.${name}_token_id`);
    return typeof id === 'number' ? id : undefined;
  };
  const endOfTextId = idOf('eos');
  if (endOfTextId === undefined) throw new ModelError('tokenizer.ggml.eos_token_id is missing', { where });
  // Chat models end a turn with another token than a text.
  const endOfTextIds = [...new Set([endOfTextId, idOf('eot') ?? endOfTextId, idOf('eom') ?? endOfTextId])];
  return { beginOfTextId: idOf('bos'), endOfTextIds, padId: idOf('padding') ?? endOfTextId };
}

/**
 * Writes the model of a GGUF file as a folder in the layout of Hugging Face, its quantised weights decoded.
 *
 * @throws ModelError naming the file and the key or the tensor that is missing or not supported, or a file that cannot be written
 */
export async function convertGguf(options: {
  path: string;
  /** Made if it is not there. */
  directory: string;
  /** F32 keeps the decoded values exactly. @default 'F32' */
  dtype?: 'F32' | 'F16' | 'BF16';
  /** What the model card says beyond sizes. @default the license of the file */
  card?: ModelCard;
}): Promise<void> {
  const { path, directory, dtype = 'F32', card } = options;
  const model = await openGgufModel(path);
  try {
    const { config, metadata } = model;
    const tokenizerFiles = tokenizerFilesOf(metadata, path);
    const tokens = specialIds(metadata, path);
    const { parameters, parameter } = flatView({ config });
    await model.read({ valueHead: false, parameter });
    for (const [name, bytes] of tokenizerFiles) {
      await writeFileBeside(join(directory, name), (file) => file.writeFile(bytes));
    }
    const license = metadata.get('general.license');
    const ownCard = typeof license === 'string' ? { license } : {};
    await writeModelFiles({ directory, config, parameters, tokens, dtype, card: { ...ownCard, ...card } });
  } finally {
    await model.close();
  }
}
