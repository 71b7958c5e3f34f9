/**
 * HNSW against hnswlib and faiss on the same vectors of 384 dimensions, one thread: build time, queries a second at recall@10 of
 * 0.95 and 0.99, memory.
 *
 *   npm run bench:hnsw -w @dgpo/retriever                          10,000 and 100,000 vectors, some ten minutes
 *   npm run bench:hnsw -w @dgpo/retriever -- --sizes 1000000       two hours and 12 GB of disk
 *
 * DGPO_PYTHON names a Python with hnswlib (built with HNSWLIB_NO_NATIVE=1, the flags of our addon) and faiss-cpu, and
 * DGPO_PYTHON_NATIVE one whose hnswlib was built for the machine at hand. Vectors and built indexes stay in --work and are not built again.
 */
import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { exists } from './exists.js';
import type { HnswBuild, HnswCase, HnswSearch } from './hnsw-case.js';
import { writeVectors } from './hnsw-vectors.js';
import { recordResults } from './record-results.js';

const { values: flags } = parseArgs({
  options: {
    sizes: { type: 'string', default: '10000,100000' },
    work: { type: 'string', default: join(tmpdir(), 'dgpo-bench-hnsw') },
    only: { type: 'string', default: '' },
    'build-only': { type: 'boolean', default: false },
  },
});
const dimension = 384;
const execute = promisify(execFile);
const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));

const python = process.env.DGPO_PYTHON ?? 'python3';
const engines = [
  { name: 'ours', library: 'ours', interpreter: undefined },
  { name: 'hnswlib', library: 'hnswlib', interpreter: python },
  { name: 'hnswlib, native flags', library: 'hnswlib', interpreter: process.env.DGPO_PYTHON_NATIVE },
  { name: 'faiss', library: 'faiss', interpreter: python },
] as const;

async function run<Result>(interpreter: string | undefined, item: HnswCase): Promise<Result> {
  const [command, words] =
    interpreter === undefined
      ? [process.execPath, ['--import', 'tsx', '--conditions=@dgpo/source', path('measure-hnsw.ts')]]
      : [interpreter, [path('../../tools/parity/hnsw_bench.py')]];
  const { stdout } = await execute(command, [...words, JSON.stringify(item)], { maxBuffer: 1 << 26 });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Result;
}

await mkdir(flags.work, { recursive: true });
for (const size of flags.sizes.split(',').map(Number)) {
  const shared = {
    size,
    dimension,
    topK: 10,
    m: 16,
    efConstruction: 200,
    efSearch: [10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 128, 160, 192, 256, 320, 384, 512],
    repeats: size > 500_000 ? 3 : 5,
    vectors: join(flags.work, `vectors-${size}.f32`),
    queries: join(flags.work, 'queries.f32'),
    truth: join(flags.work, `truth-${size}.i32`),
  } as const;
  if (!(await exists(shared.vectors))) {
    await writeVectors({ path: shared.vectors, count: size, dimension, part: 'vectors' });
  }
  if (!(await exists(shared.queries)))
    await writeVectors({ path: shared.queries, count: 1000, dimension, part: 'queries' });
  if (!(await exists(shared.truth))) {
    await run(python, { ...shared, mode: 'truth', library: 'faiss', index: '' });
  }
  for (const { name, library, interpreter } of engines) {
    if (library !== 'ours' && interpreter === undefined) continue;
    if (!name.startsWith(flags.only)) continue;
    const index = join(flags.work, `${name.replaceAll(/\W+/g, '-')}-${size}`);
    const item = { ...shared, library, index };
    const record = `${index}.json`;
    if (!(await exists(record))) {
      await writeFile(record, JSON.stringify(await run<HnswBuild>(interpreter, { ...item, mode: 'build' })));
    }
    const build = JSON.parse(await readFile(record, 'utf8')) as HnswBuild;
    console.log(`${size} ${name}: built in ${build.buildSeconds.toFixed(0)} s`);
    if (flags['build-only']) continue;
    const search = await run<HnswSearch>(interpreter, { ...item, mode: 'search' });
    await recordResults('hnsw', `${size} ${name}`, { size, name, ...build, ...search });
    for (const { ef, recall, queriesPerSecond } of search.points) {
      console.log(`  ef ${ef}: recall ${recall.toFixed(4)}, ${queriesPerSecond.toFixed(0)} queries/s`);
    }
  }
}
