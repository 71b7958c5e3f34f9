/**
 * Time and memory of `dgpo-arc score` on many episodes.
 *
 *   npm run bench -w @dgpo/arc              a minute or so; writes bench/results/arc.json and docs/performance.md
 *   npm run bench -w @dgpo/arc -- --quick   2,000 episodes, writes nothing
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Trajectory, writeTrajectories } from '@dgpo/trajectory';
import { withTables } from '../results.js';
import { makeEpisodes } from './make-episodes.js';

const { values: flags } = parseArgs({ options: { quick: { type: 'boolean', default: false } } });
const count = flags.quick ? 2000 : 100_000;
const seed = 0;

let characters = 0;

function* counted(episodes: Iterable<Trajectory>) {
  for (const episode of episodes) {
    for (const { text } of episode.segments) characters += text.length;
    yield episode;
  }
}

/** Scores the file in a process of its own, and says what that used. */
async function score(logs: string, folder: string) {
  const preload = fileURLToPath(new URL('report-usage.ts', import.meta.url));
  const cli = fileURLToPath(new URL('../../packages/arc/src/cli.ts', import.meta.url));
  const source = ['--import', 'tsx', '--conditions=@dgpo/source', '--import', preload];
  const child = spawn(process.execPath, [...source, cli, 'score', logs, '--out', join(folder, 'report')], {
    cwd: fileURLToPath(new URL('../../', import.meta.url)),
    stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
  });
  let usage = '';
  child.stdio[3]?.on('data', (chunk) => {
    usage += chunk;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`dgpo-arc score ended with code ${code}`);
  return JSON.parse(usage) as { cpuSeconds: number; wallSeconds: number; peakMiB: number };
}

const folder = await mkdtemp(join(tmpdir(), 'dgpo-bench-arc-'));
try {
  const logs = join(folder, 'episodes.jsonl');
  await writeTrajectories(logs, counted(makeEpisodes({ count, seed })));
  const { size } = await stat(logs);
  const results = {
    machine: { cpu: cpus()[0]?.model.trim() ?? 'unknown', cores: availableParallelism(), node: process.versions.node },
    episodes: count,
    seed,
    charactersPerEpisode: characters / count,
    fileMiB: size / 2 ** 20,
    ...(await score(logs, folder)),
  };
  const { machine, cpuSeconds, wallSeconds, peakMiB } = results;
  const whole = (value: number) => Math.round(value).toLocaleString('en-US');
  const table = [
    `Measured on ${machine.cores} cores of ${machine.cpu}, Node ${machine.node}.`,
    '',
    '| episodes | characters each | file, MiB | processor time, s | wall time, s | peak memory, MiB |',
    '| ---: | ---: | ---: | ---: | ---: | ---: |',
    `| ${[count, results.charactersPerEpisode, results.fileMiB].map(whole).join(' | ')} | ${cpuSeconds.toFixed(1)} | ${wallSeconds.toFixed(1)} | ${whole(peakMiB)} |`,
  ].join('\n');
  console.log(table);
  if (flags.quick) console.error('\nquick run: nothing was written');
  else {
    await mkdir(new URL('../results/', import.meta.url), { recursive: true });
    await writeFile(new URL('../results/arc.json', import.meta.url), `${JSON.stringify(results, null, 2)}\n`);
    const page = new URL('../../docs/performance.md', import.meta.url);
    await writeFile(page, withTables(await readFile(page, 'utf8'), table, 'bench-arc'));
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
