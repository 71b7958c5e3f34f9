/**
 * How long the viewer takes to show a file of 100,000 episodes, and to search and filter in it: the server and its API, without the
 * browser.
 *
 *   npm run bench -w @dgpo/evaluator              some minutes; writes bench/results/evaluator.json and docs/performance.md
 *   npm run bench -w @dgpo/evaluator -- --quick   seconds, writes nothing
 */
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { withTables } from '../results.js';
import { measureViewer } from './measure-viewer.js';
import { type EvaluatorResults, evaluatorTables } from './tables.js';
import { writeEpisodes } from './write-episodes.js';

const { values: flags } = parseArgs({ options: { quick: { type: 'boolean', default: false } } });
const count = flags.quick ? 2000 : 100_000;
const work = await mkdtemp(join(tmpdir(), 'dgpo-bench-viewer-'));
const results: EvaluatorResults = {
  machine: { cpu: cpus()[0]?.model.trim() ?? 'unknown', cores: availableParallelism(), node: process.versions.node },
  viewer: [],
};
try {
  await mkdir(join(work, 'page'));
  await writeFile(join(work, 'page', 'index.html'), '<!doctype html>');
  for (const tokens of [false, true]) {
    const directory = join(work, tokens ? 'tokens' : 'text');
    await mkdir(directory);
    const path = join(directory, 'episodes.jsonl');
    await writeEpisodes({ path, count, tokens });
    const { size: bytes } = await stat(path);
    const figures = await measureViewer({ directory, pageDirectory: join(work, 'page'), run: 'episodes.jsonl' });
    results.viewer.push({ content: tokens ? 'with tokens' : 'text alone', episodes: count, bytes, ...figures });
    await rm(path);
  }
} finally {
  await rm(work, { recursive: true });
}
const tables = evaluatorTables(results);
console.log(tables);
if (flags.quick) console.error('\nquick run: nothing was written, and the figures mean nothing');
else {
  await writeFile(new URL('../results/evaluator.json', import.meta.url), `${JSON.stringify(results, null, 2)}\n`);
  const page = new URL('../../docs/performance.md', import.meta.url);
  await writeFile(page, withTables(await readFile(page, 'utf8'), tables, 'bench-evaluator'));
}
