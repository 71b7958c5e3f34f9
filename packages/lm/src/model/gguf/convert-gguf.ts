import { join } from 'node:path';
import { writeFileBeside } from '../../weights/write-file-beside.js';
import { flatView } from '../flat-view.js';
import { writeModelFiles } from '../write-model-files.js';
import { openGgufModel } from './open-gguf-model.js';

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
}): Promise<void> {
  const { path, directory, dtype = 'F32' } = options;
  const model = await openGgufModel(path);
  try {
    const { config, tokenizer, tokenizerFiles } = model;
    const { parameters, parameter } = flatView({ config });
    await model.read({ valueHead: false, parameter });
    const files = {
      'tokenizer.json': tokenizerFiles.tokenizerJson,
      'tokenizer_config.json': tokenizerFiles.tokenizerConfig,
    };
    for (const [name, content] of Object.entries(files)) {
      await writeFileBeside(join(directory, name), (file) => file.writeFile(`${JSON.stringify(content, null, 2)}\n`));
    }
    await writeModelFiles({ directory, config, parameters, tokens: tokenizer, dtype });
  } finally {
    await model.close();
  }
}
