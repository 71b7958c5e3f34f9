/**
 * Steps per second of the text worlds on one core, and of the interpreters of code within episodes and across them.
 *
 *   npm run bench -w @dgpo/envs              a minute; writes bench/results/envs.json and docs/performance.md
 *   npm run bench -w @dgpo/envs -- --quick   seconds, writes nothing
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { withTables } from '../results.js';
import { interpreterFigures } from './interpreters.js';
import { type EnvsResults, envsTables } from './tables.js';
import { textWorldFigures } from './text-worlds.js';

const { values: flags } = parseArgs({ options: { quick: { type: 'boolean', default: false } } });
const { worlds, code } = flags.quick
  ? { worlds: { episodes: 20 }, code: { steps: 3, episodes: 2, repeats: 1 } }
  : { worlds: { episodes: 2000 }, code: { steps: 50, episodes: 20, repeats: 5 } };

const results: EnvsResults = {
  machine: { cpu: cpus()[0]?.model.trim() ?? 'unknown', cores: availableParallelism(), node: process.versions.node },
  textWorlds: textWorldFigures(worlds),
  interpreters: await interpreterFigures(code),
};
const tables = envsTables(results);
console.log(tables);
if (flags.quick) console.error('\nquick run: nothing was written, and the figures mean nothing');
else {
  await mkdir(new URL('../results/', import.meta.url), { recursive: true });
  await writeFile(new URL('../results/envs.json', import.meta.url), `${JSON.stringify(results, null, 2)}\n`);
  const page = new URL('../../docs/performance.md', import.meta.url);
  await writeFile(page, withTables(await readFile(page, 'utf8'), tables, 'bench-envs'));
}
