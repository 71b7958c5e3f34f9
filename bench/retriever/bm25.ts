/**
 * BM25 against bm25s on the same passages and queries, one thread: passages indexed a second, queries a second, memory, size on disk.
 *
 *   npm run bench:bm25 -w @dgpo/retriever                          100,000 passages, some minutes
 *   npm run bench:bm25 -w @dgpo/retriever -- --sizes 1000000       12 GiB of memory for bm25s
 *
 * DGPO_PYTHON names a Python with bm25s and numba. Ours is given text and takes it apart; bm25s is given the words. Texts and built
 * indexes stay in --work and are not made again.
 */
import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import type { Bm25Case, Bm25Indexing, Bm25Search } from './bm25-case.js';
import { writePassages, writeQueries } from './bm25-texts.js';
import { exists } from './exists.js';
import { recordResults } from './record-results.js';

const { values: flags } = parseArgs({
  options: {
    sizes: { type: 'string', default: '100000' },
    work: { type: 'string', default: join(tmpdir(), 'dgpo-bench-bm25') },
    only: { type: 'string', default: '' },
    repeats: { type: 'string', default: '5' },
  },
});
const execute = promisify(execFile);
const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** Both engines of one name search the same index. */
const engines = [
  { name: 'ours, in memory', engine: 'memory', built: 'ours' },
  { name: 'ours, on disk', engine: 'disk', built: 'ours' },
  { name: 'bm25s, numpy', engine: 'numpy', built: 'bm25s-numpy' },
  { name: 'bm25s, numba', engine: 'numba', built: 'bm25s-numba' },
] as const;

async function run<Result>(item: Bm25Case): Promise<Result> {
  const [command, words] =
    item.engine === 'memory' || item.engine === 'disk'
      ? [process.execPath, ['--import', 'tsx', '--conditions=@dgpo/source', path('measure-bm25.ts')]]
      : [process.env.DGPO_PYTHON ?? 'python3', [path('../../tools/parity/bm25_bench.py')]];
  const { stdout } = await execute(command, [...words, JSON.stringify(item)], { maxBuffer: 1 << 26 });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Result;
}

async function readScores(file: string): Promise<Float32Array> {
  const bytes = await readFile(file);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

/** The largest difference between the scores of two searches. */
async function difference(left: string, right: string): Promise<number> {
  const [first, second] = await Promise.all([readScores(left), readScores(right)]);
  return first.reduce((largest, score, entry) => Math.max(largest, Math.abs(score - (second[entry] ?? 0))), 0);
}

await mkdir(flags.work, { recursive: true });
for (const size of flags.sizes.split(',').map(Number)) {
  const place = (name: string) => join(flags.work, `${name}-${size}`);
  const shared = { topK: 10, k1: 0.9, b: 0.4, repeats: Number(flags.repeats) };
  const corpus = place('passages.txt');
  const queries = place('queries.txt');
  if (!(await exists(queries))) {
    await writePassages({ path: corpus, count: size });
    await writeQueries({ path: queries, count: 1000, passages: size });
  }
  const scoresOf = (engine: string) => place(`scores-${engine}`);
  for (const { name, engine, built } of engines) {
    if (!name.startsWith(flags.only)) continue;
    const index = place(built);
    const item = { ...shared, engine, corpus, queries, index, scores: scoresOf(engine) };
    const record = `${index}.json`;
    if (!(await exists(record))) {
      await writeFile(record, JSON.stringify(await run<Bm25Indexing>({ ...item, mode: 'index' })));
    }
    const indexing = JSON.parse(await readFile(record, 'utf8')) as Bm25Indexing;
    const search = await run<Bm25Search>({ ...item, mode: 'search' });
    const scoreDifference = await difference(scoresOf('memory'), scoresOf(engine));
    await recordResults('bm25', `${size} ${name}`, { size, name, ...indexing, ...search, scoreDifference });
    console.log(
      `${size} ${name}: ${indexing.passagesPerSecond.toFixed(0)} passages/s, ${search.queriesPerSecond.toFixed(0)} queries/s, ` +
        `${(search.memoryBytes / 2 ** 20).toFixed(0)} MiB, ${(indexing.diskBytes / 2 ** 20).toFixed(0)} MiB on disk, ` +
        `scores within ${scoreDifference.toExponential(1)} of ours`,
    );
  }
}
