/**
 * Writes the model folder that `llama-parity.py` reads.
 *
 *   node --import tsx --conditions=@dgpo/source tools/parity/write-llama-folder.ts DIRECTORY
 */
import { saveModel } from '@dgpo/lm';
import { llamaModel } from '../../packages/lm/src/model/__fixtures__/llama-model.js';

const [directory] = process.argv.slice(2);
if (directory === undefined) {
  console.error('usage: write-llama-folder.ts DIRECTORY');
  process.exit(2);
}
await saveModel({ directory, ...llamaModel() });
