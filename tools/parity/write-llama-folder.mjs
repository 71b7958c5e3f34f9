/**
 * Writes the model folder that `llama-parity.py` reads.
 *
 *   node --import tsx --conditions=@dgpo/source tools/parity/write-llama-folder.mjs DIRECTORY
 */
import { saveModel } from '@dgpo/lm';
import { llamaModel } from '../../packages/lm/src/model/__fixtures__/llama-model.ts';

const [directory] = process.argv.slice(2);
if (directory === undefined) {
  console.error('usage: write-llama-folder.mjs DIRECTORY');
  process.exit(2);
}
await saveModel({ directory, ...llamaModel() });
