/**
 * The flat index against faiss (IndexFlatIP, IndexScalarQuantizer of 8 bits) on the same vectors of 384 dimensions, one thread: queries
 * a second for one query at a time and for batches, recall@10, memory.
 *
 *   npm run bench:flat -w @dgpo/retriever                    10,000 and 100,000 vectors, some minutes
 *
 * DGPO_PYTHON names a Python with faiss-cpu. Vectors stay in --work and are shared with hnsw.ts.
 */
import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { exists } from './exists.js';
import type { FlatCase, FlatFigures } from './flat-case.js';
import { writeVectors } from './hnsw-vectors.js';
import { recordResults } from './record-results.js';

const { values: flags } = parseArgs({
  options: {
    sizes: { type: 'string', default: '10000,100000' },
    work: { type: 'string', default: join(tmpdir(), 'dgpo-bench-hnsw') },
  },
});
const dimension = 384;
const execute = promisify(execFile);
const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const python = process.env.DGPO_PYTHON ?? 'python3';

async function run(command: string, words: string[]): Promise<string> {
  return (await execute(command, words, { maxBuffer: 1 << 26 })).stdout.trim().split('\n').at(-1) ?? '';
}

await mkdir(flags.work, { recursive: true });
for (const size of flags.sizes.split(',').map(Number)) {
  const shared = {
    size,
    dimension,
    topK: 10,
    repeats: 5,
    batches: [1, 64],
    vectors: join(flags.work, `vectors-${size}.f32`),
    queries: join(flags.work, 'queries.f32'),
    truth: join(flags.work, `truth-${size}.i32`),
  } as const;
  if (!(await exists(shared.vectors))) {
    await writeVectors({ path: shared.vectors, count: size, dimension, part: 'vectors' });
  }
  if (!(await exists(shared.queries))) {
    await writeVectors({ path: shared.queries, count: 1000, dimension, part: 'queries' });
  }
  if (!(await exists(shared.truth))) {
    const words = JSON.stringify({ ...shared, mode: 'truth', library: 'faiss' });
    await run(python, [path('../../tools/parity/hnsw_bench.py'), words]);
  }
  for (const precision of ['float32', 'int8'] as const) {
    for (const library of ['ours', 'faiss'] as const) {
      const words = JSON.stringify({ ...shared, precision, library } satisfies FlatCase);
      const text = await (library === 'ours'
        ? run(process.execPath, ['--import', 'tsx', '--conditions=@dgpo/source', path('measure-flat.ts'), words])
        : run(python, [path('../../tools/parity/flat_bench.py'), words]));
      const figures = JSON.parse(text) as FlatFigures;
      await recordResults('flat', `${size} ${precision} ${library}`, { size, precision, library, ...figures });
      const speeds = figures.points.map(
        ({ batch, queriesPerSecond }) => `batch ${batch}: ${queriesPerSecond.toFixed(0)}`,
      );
      console.log(
        `${size} ${precision} ${library}: recall ${figures.recall.toFixed(4)}, queries/s ${speeds.join(', ')}`,
      );
    }
  }
}
