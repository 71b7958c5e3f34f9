/**
 * Loads a model in a process of its own and prints, as JSON in bytes, by how much its memory grew at most and the size of the weights.
 *
 *   node --import tsx --conditions=@dgpo/source measure-load.ts ENGINE decoder|vector SMALL_MODEL MODEL
 *
 * A small model is loaded first, so that code and engine count as there.
 */
import { loadDecoder, loadModel, parameterCount, selectEngine } from '../../index.js';

const [engine, kind, small = '', directory = ''] = process.argv.slice(2);
await selectEngine({ engine: engine === 'cpu' ? 'cpu' : 'wasm' });

async function load(path: string): Promise<number> {
  if (kind === 'vector') return 4 * parameterCount((await loadModel({ directory: path })).config);
  const { decoder } = await loadDecoder({ directory: path });
  return 4 * parameterCount(decoder.config);
}

await load(small);
const baseline = process.memoryUsage().rss;
const modelBytes = await load(directory);
const peak = process.resourceUsage().maxRSS * 1024;
console.log(JSON.stringify({ growth: peak - baseline, modelBytes }));
