/**
 * Training and sampling of two decoders on every engine that is installed, and in PyTorch with the same model, batch and threads.
 *
 *   npm run bench -w @dgpo/lm                     half an hour on two cores, nothing else running; writes bench/results/lm.json and docs/performance.md
 *   npm run bench -w @dgpo/lm -- --quick          seconds, tiny sizes, writes nothing
 *   npm run bench -w @dgpo/lm -- --only sampling  cases whose description holds the text; writes nothing
 *
 * PyTorch runs in the Python that DGPO_PYTHON names (default `python3`), with torch and transformers installed.
 */
import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { findBlas } from '@dgpo/lm';
import { withTables } from '../results.js';
import { type BenchCase, cases, describeCase, models, quickCases } from './cases.js';
import { type LmResults, lmTables, type Measurement } from './tables.js';

const { values: flags } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, only: { type: 'string', default: '' } },
});
const chosen = (flags.quick ? quickCases : cases).filter((item) => describeCase(item).includes(flags.only));
const repeats = flags.quick ? 1 : 5;
const cores = Math.min(2, availableParallelism());
const execute = promisify(execFile);
const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** Where a case runs; each in a process of its own. */
interface Runner {
  name: string;
  measure(item: BenchCase): Promise<Omit<Measurement, 'runner' | 'item'>>;
}

function engineRunner(name: string, engine: string, environment: Record<string, string>): Runner {
  return {
    name,
    measure: async (item) => {
      const settings = JSON.stringify({ engine, item, workers: cores, repeats });
      const words = ['--import', 'tsx', '--conditions=@dgpo/source', path('measure-case.ts'), settings];
      const { stdout } = await execute(process.execPath, words, {
        env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '2', ...environment },
        maxBuffer: 1 << 26,
      });
      return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Measurement;
    },
  };
}

function torchRunner(threads: number): Runner {
  return {
    name: `PyTorch, ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
    measure: async (item) => {
      const folder = path('../../.models/smollm2-135m');
      const settings = JSON.stringify({ item, config: models[item.model], folder, threads, repeats });
      const script = path('../../tools/parity/torch_bench.py');
      const { stdout } = await execute(process.env.DGPO_PYTHON ?? 'python3', [script, settings], {
        maxBuffer: 1 << 26,
      });
      return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Measurement;
    },
  };
}

const absent = new Map<string, string>();
const found = await findBlas({ workers: cores });
if (found.blas === undefined) absent.set('wasm with BLAS', found.reason);
const runners: Runner[] = [
  engineRunner('wasm', 'wasm', { DGPO_BLAS: 'off' }),
  engineRunner('wasm with BLAS', 'wasm', { DGPO_BLAS: 'auto' }),
  engineRunner('tensorflow', 'tensorflow', {}),
  ...Array.from({ length: cores }, (_, index) => torchRunner(index + 1)),
];

const measurements: Measurement[] = [];
for (const item of chosen) {
  for (const runner of runners) {
    if (absent.has(runner.name)) continue;
    try {
      const measured = await runner.measure(item);
      measurements.push({ runner: runner.name, item, ...measured });
      console.error(
        `${describeCase(item)} · ${runner.name}: ${measured.seconds.map((value) => value.toFixed(2)).join(' ')} s`,
      );
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      const reason = text.trim().split('\n').at(-1) ?? text;
      absent.set(runner.name, reason);
      console.error(`${runner.name} is left out: ${reason}`);
    }
  }
}

const results: LmResults = {
  machine: { cpu: cpus()[0]?.model.trim() ?? 'unknown', cores: availableParallelism(), node: process.versions.node },
  ...(found.blas === undefined ? {} : { blas: found.blas.facts }),
  repeats,
  absent: Object.fromEntries(absent),
  measurements,
};
const tables = lmTables(results);
console.log(tables);
if (flags.quick || flags.only !== '') console.error('\nnothing was written');
else {
  await mkdir(new URL('../results/', import.meta.url), { recursive: true });
  await writeFile(new URL('../results/lm.json', import.meta.url), `${JSON.stringify(results, null, 2)}\n`);
  const page = new URL('../../docs/performance.md', import.meta.url);
  await writeFile(page, withTables(await readFile(page, 'utf8'), tables, 'bench-lm'));
}
