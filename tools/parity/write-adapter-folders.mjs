/**
 * Reads the adapters that `adapters.py` made and writes them again with `saveAdapter` (folder `NAME/adapter`), and merged into their
 * base with `saveModel` (folder `NAME/merged`), for `check-adapters.py`.
 *
 *   node --import tsx --conditions=@dgpo/source tools/parity/write-adapter-folders.mjs DIRECTORY
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  getParameters,
  loadAdapter,
  mergeLora,
  readAdapter,
  saveAdapter,
  saveModel,
  selectEngine,
  trainCompactTokenizer,
} from '@dgpo/lm';
import { caseDecoder } from '../../packages/lm/src/model/__fixtures__/architecture-cases.ts';

const [target] = process.argv.slice(2);
if (target === undefined) {
  console.error('usage: write-adapter-folders.mjs DIRECTORY');
  process.exit(2);
}
const fixtures = fileURLToPath(new URL('../../packages/lm/src/lora/__fixtures__/adapters', import.meta.url));
const tokenizer = trainCompactTokenizer({ texts: [], specialTokens: [], maximumPieces: 0 });
await selectEngine({ engine: 'wasm' });
for (const name of readdirSync(fixtures)) {
  const { base } = JSON.parse(readFileSync(join(fixtures, name, 'expected.json'), 'utf8'));
  const decoder = await caseDecoder(base);
  const { config } = decoder;
  const directory = join(fixtures, name);
  const weights = await readAdapter({ directory, config });
  await saveAdapter({ directory: join(target, name, 'adapter'), config, ...weights });
  await loadAdapter({ directory, decoder });
  mergeLora(decoder);
  const parameters = await getParameters(decoder);
  await saveModel({ directory: join(target, name, 'merged'), config, parameters, tokenizer });
  decoder.dispose();
}
