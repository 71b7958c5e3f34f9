/**
 * Measures training and sampling on the engine `wasm`.
 *
 *   npm run bench              writes bench/results.json and the tables of docs/performance.md
 *   npm run bench -- --quick   seconds, tiny sizes, writes nothing: that everything runs
 */
import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { parameterCount } from '@dgpo/lm';
import { createComputePool } from '@dgpo/trainer';
import { matrixProducts } from './matrix-products.js';
import { opProfile } from './op-profile.js';
import { type BenchResults, resultTables, withTables } from './results.js';
import { samplingFigures } from './sampling.js';
import { fullSettings, quickSettings } from './settings.js';
import { createUpdate, optimizerSeconds, stockTrainingTokensPerSecond, trainingTokensPerSecond } from './training.js';

const { values: flags } = parseArgs({ options: { quick: { type: 'boolean', default: false } } });
const settings = flags.quick ? quickSettings : fullSettings;
const { config } = settings;
const workerCount = Math.min(2, availableParallelism());
const say = (text: string) => console.error(text);

/** On one thread first, while no worker exists. */
async function measureHere() {
  const pool = await createComputePool({ engine: 'wasm', workers: 0 });
  say('training with our kernels, one thread');
  const oneThread = await trainingTokensPerSecond({ settings, pool });
  say('sampling');
  const sampling = await samplingFigures(settings);
  say('matrix products');
  const products = await matrixProducts(settings);
  say('op profile');
  const update = await createUpdate({ settings, pool });
  await update.run();
  const profile = await opProfile(update.run);
  update.dispose();
  const optimizer = await optimizerSeconds(settings);
  // Last: stock ops leave the heap several times as large.
  say('training with stock ops');
  const stock = await stockTrainingTokensPerSecond({ settings, pool });
  await pool.close();
  return { oneThread, sampling, products, profile: { ...profile, optimizerSeconds: optimizer }, stock };
}

async function measureWorkers() {
  const pool = await createComputePool({ engine: 'wasm', workers: workerCount });
  try {
    say(`training with ${workerCount} workers`);
    return await trainingTokensPerSecond({ settings, pool });
  } finally {
    await pool.close();
  }
}

const here = await measureHere();
const workers = await measureWorkers();
const results: BenchResults = {
  machine: { cpu: cpus()[0]?.model.trim() ?? 'unknown', cores: availableParallelism(), node: process.versions.node },
  model: {
    parameters: parameterCount(config),
    hiddenSize: config.hiddenSize,
    layers: config.numHiddenLayers,
    heads: config.numAttentionHeads,
    vocabularySize: config.vocabularySize,
  },
  batch: { rows: settings.rows, tokensPerRow: settings.tokensPerRow },
  training: { stock: here.stock, oneThread: here.oneThread, workers, workerCount },
  sampling: { ...here.sampling, slots: settings.sampling.slots, contextTokens: settings.sampling.contextTokens },
  matrixProducts: here.products,
  profile: here.profile,
};
const tables = resultTables(results);
console.log(tables);
if (flags.quick) say('\nquick run: nothing was written, and the figures mean nothing');
else {
  await writeFile(new URL('results.json', import.meta.url), `${JSON.stringify(results, null, 2)}\n`);
  const page = new URL('../docs/performance.md', import.meta.url);
  await writeFile(page, withTables(await readFile(page, 'utf8'), tables));
}
