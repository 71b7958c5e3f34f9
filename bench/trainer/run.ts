/**
 * Updates of DGPO by phase on every engine that is installed, with one worker and two, and the same in PyTorch; then where the time of a
 * rollout goes.
 *
 *   npm run bench -w @dgpo/trainer               20 minutes on two cores, nothing else running; writes bench/results/trainer.json and docs/performance.md
 *   npm run bench -w @dgpo/trainer -- --quick    seconds, tiny sizes, writes nothing
 *   npm run bench -w @dgpo/trainer -- --only demo  cases of this name; writes nothing
 *
 * PyTorch runs in the Python that DGPO_PYTHON names (default `python3`), with torch and transformers installed.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { findBlas } from '@dgpo/lm';
import { withTables } from '../results.js';
import { type BenchCase, cases, quickCases } from './cases.js';
import type { RolloutParts } from './measure-rollout.js';
import { type Measurement, rate, type TrainerResults, trainerTables } from './tables.js';

const { values: flags } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, only: { type: 'string', default: '' } },
});
const chosen = (flags.quick ? quickCases : cases).filter(({ name }) => name.includes(flags.only));
const rounds = flags.quick ? 1 : 2;
const cores = Math.min(2, availableParallelism());
const execute = promisify(execFile);
const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** Runs a program and reads the JSON on its last line. */
async function lastLine<T>(program: string, words: string[], environment: Record<string, string> = {}): Promise<T> {
  const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: '2', ...environment };
  const { stdout } = await execute(program, words, { env, maxBuffer: 1 << 26 });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as T;
}

const node = <T>(file: string, settings: object, environment: Record<string, string> = {}) =>
  lastLine<T>(
    process.execPath,
    ['--import', 'tsx', '--conditions=@dgpo/source', path(file), JSON.stringify(settings)],
    environment,
  );

interface Runner {
  name: string;
  measure(work: string): Promise<Pick<Measurement, 'updates' | 'peakMemoryBytes' | 'versions'>>;
}

function engineRunner(name: string, engine: string, workers: number, environment: Record<string, string>): Runner {
  return { name, measure: (work) => node('measure-update.ts', { work, engine, workers }, environment) };
}

function torchRunner(threads: number): Runner {
  return {
    name: `PyTorch, ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
    measure: (work) =>
      lastLine(process.env.DGPO_PYTHON ?? 'python3', [
        path('../../tools/parity/dgpo_step.py'),
        JSON.stringify({ work, threads }),
      ]),
  };
}

const counts = Array.from({ length: cores }, (_, index) => index + 1);
const withBlas = `wasm with BLAS, ${cores} workers`;
const absent = new Map<string, string>();
const found = await findBlas({ workers: cores });
if (found.blas === undefined) absent.set(withBlas, found.reason);
const runners: Runner[] = [
  ...counts.map((workers) =>
    engineRunner(`wasm, ${workers} ${workers === 1 ? 'worker' : 'workers'}`, 'wasm', workers, { DGPO_BLAS: 'off' }),
  ),
  engineRunner(withBlas, 'wasm', cores, { DGPO_BLAS: 'auto' }),
  engineRunner('tensorflow', 'tensorflow', 0, {}),
  ...counts.map(torchRunner),
];

async function measureCase(item: BenchCase, work: string): Promise<Measurement[]> {
  const best = new Map<string, Measurement>();
  for (let round = 0; round < rounds; round++) {
    for (const runner of runners) {
      if (absent.has(runner.name)) continue;
      try {
        const measured = { runner: runner.name, case: item.name, ...(await runner.measure(work)) };
        console.error(`${item.name} · ${runner.name}: ${rate(measured).toFixed(0)} tokens/s`);
        const before = best.get(runner.name);
        if (before === undefined || rate(measured) > rate(before)) best.set(runner.name, measured);
      } catch (error) {
        const text = error instanceof Error ? error.message : String(error);
        const lines = text.trim().split('\n');
        const reason = lines.findLast((line) => /Error/.test(line)) ?? lines.at(-1) ?? text;
        absent.set(runner.name, reason.trim());
        console.error(`${runner.name} is left out: ${reason.trim()}`);
      }
    }
  }
  return runners.flatMap(({ name }) => best.get(name) ?? []);
}

/** Without BLAS, whose threads of its own the profiler would take for the model. */
async function measureRollout(item: BenchCase, work: string): Promise<TrainerResults['rollouts'][number]> {
  const parts = await node<RolloutParts>('measure-rollout.ts', { work }, { DGPO_BLAS: 'off' });
  return { runner: 'wasm', case: item.name, ...parts };
}

const measurements: Measurement[] = [];
const rollouts: TrainerResults['rollouts'] = [];
for (const item of chosen) {
  const work = await mkdtemp(join(tmpdir(), 'dgpo-bench-trainer-'));
  try {
    console.error(`${item.name}: teaching the student the protocol`);
    const environment = { DGPO_BLAS: found.blas === undefined ? 'off' : 'auto' };
    const { episodes, correct } = await node<{ episodes: number; correct: number }>(
      'prepare.ts',
      { work, item },
      environment,
    );
    console.error(`${item.name}: ${correct} of its ${episodes} episodes are correct`);
    measurements.push(...(await measureCase(item, work)));
    rollouts.push(await measureRollout(item, work));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

const results: TrainerResults = {
  machine: { cpu: cpus()[0]?.model.trim() ?? 'unknown', cores: availableParallelism(), node: process.versions.node },
  ...(found.blas === undefined ? {} : { blas: found.blas.facts }),
  cases: chosen,
  rounds,
  absent: Object.fromEntries(absent),
  measurements,
  rollouts,
};
const tables = trainerTables(results);
console.log(tables);
if (flags.quick || flags.only !== '') console.error('\nnothing was written');
else {
  await mkdir(new URL('../results/', import.meta.url), { recursive: true });
  await writeFile(new URL('../results/trainer.json', import.meta.url), `${JSON.stringify(results, null, 2)}\n`);
  const page = new URL('../../docs/performance.md', import.meta.url);
  await writeFile(page, withTables(await readFile(page, 'utf8'), tables, 'bench-trainer'));
}
