/**
 * Reads the checkpoints that `architectures.py` made and writes them again with `saveModel`, for `check-architectures.py`.
 *
 *   node --import tsx --conditions=@dgpo/source tools/parity/write-architecture-folders.mjs DIRECTORY
 */
import { join } from 'node:path';
import { saveModel, trainCompactTokenizer } from '@dgpo/lm';
import { architectureCases, readCase } from '../../packages/lm/src/model/__fixtures__/architecture-cases.ts';

const [directory] = process.argv.slice(2);
if (directory === undefined) {
  console.error('usage: write-architecture-folders.mjs DIRECTORY');
  process.exit(2);
}
const tokenizer = trainCompactTokenizer({ texts: [], specialTokens: [], maximumPieces: 0 });
for (const name of architectureCases) {
  const { config, parameters } = await readCase(name);
  await saveModel({ directory: join(directory, name), config, parameters, tokenizer });
}
