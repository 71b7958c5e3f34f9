import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { createRandom } from '@dgpo/trajectory';
import type { RecipeInput } from '../src/recipe/recipe-schema.js';
import { isTiming } from '../src/run/metric-files.js';
import { eventValues } from './event-values.js';
import { tinyRecipe } from './tiny-recipe.js';

/** How a child ended, and what it said. */
export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  errors: string;
}

const source = (path: string) => new URL(path, import.meta.url).href;

/** `dgpo train` from source in a process of its own. */
export function trainChild(options: {
  recipe: string;
  resume: boolean;
  workers: number;
  environment?: Record<string, string>;
  /** Sees the output while the process runs. */
  onOutput?: (errors: string, kill: (signal: NodeJS.Signals) => void) => void;
  /** Milliseconds after which it is killed. @default never */
  killAfter?: number | undefined;
}): Promise<Ended> {
  const { recipe, resume, workers, environment = {}, onOutput, killAfter } = options;
  const words = ['--import', 'tsx', '--conditions=@dgpo/source', '--import', source('./kill-at.ts')];
  const child = spawn(
    process.execPath,
    [
      ...words,
      new URL('../src/cli.ts', import.meta.url).pathname,
      'train',
      recipe,
      '--workers',
      String(workers),
      ...(resume ? ['--resume'] : []),
    ],
    {
      cwd: new URL('..', import.meta.url),
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, NO_COLOR: '1', ...environment },
    },
  );
  let errors = '';
  child.stderr.on('data', (part) => {
    errors += part;
    onOutput?.(errors, (signal) => child.kill(signal));
  });
  const stop = new AbortController();
  if (killAfter !== undefined) {
    setTimeout(killAfter, undefined, { signal: stop.signal }).then(
      () => child.kill('SIGKILL'),
      () => undefined,
    );
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      stop.abort();
      resolve({ code, signal, errors });
    });
  });
}

/** A recipe on the disk; its run goes to `run` below `root`. */
export function writeTinyRecipe(options: {
  root: string;
  method?: RecipeInput['method'];
  engine?: RecipeInput['engine'];
}): { recipe: string; run: string } {
  const { root, ...choice } = options;
  const run = join(root, 'run');
  const recipe = join(root, 'recipe.yaml');
  mkdirSync(root, { recursive: true });
  writeFileSync(recipe, JSON.stringify(tinyRecipe({ data: join(root, 'data'), outputDir: run, ...choice })));
  return { recipe, run };
}

/** Event files and timings hold the time of day, and logs the attempts. */
const varies = /^logs|^tensorboard|^timings\.jsonl$/;

/** What of a run must not vary: the bytes of its files, and the values in its event files, timings apart. */
export function contentsOf(directory: string): Map<string, string> {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)))
    .filter((path) => !varies.test(path))
    .map((path): [string, string] => [path, readFileSync(join(directory, path), 'latin1')]);
  const events = readdirSync(join(directory, 'tensorboard')).map((stage): [string, string] => {
    const values = Object.entries(eventValues(join(directory, 'tensorboard', stage)));
    const kept = values.filter(([name]) => !isTiming(name.split('@')[0] ?? '')).sort(([a], [b]) => (a < b ? -1 : 1));
    return [`tensorboard/${stage}`, JSON.stringify(kept)];
  });
  return new Map([...files, ...events]);
}

/** Files that one run has and the other has not, or with other content. */
export function differences(left: Map<string, string>, right: Map<string, string>): string[] {
  return [...new Set([...left.keys(), ...right.keys()])].filter((name) => left.get(name) !== right.get(name)).sort();
}

export interface KilledRunResult {
  expected: Map<string, string>;
  actual: Map<string, string>;
  /** How each killed attempt ended. */
  kills: Ended[];
  /** Kills that left a half-written checkpoint behind. */
  halfWritten: number;
  last: Ended;
}

/**
 * Runs a tiny recipe once undisturbed, then in the same place once more, killed at seeded moments (at a write of a checkpoint, at any
 * write, after some time, in turn) and resumed until it finishes.
 */
export async function killedRun(options: {
  root: string;
  method?: RecipeInput['method'];
  engine?: RecipeInput['engine'];
  kills: number;
  seed: number;
}): Promise<KilledRunResult> {
  const { root, kills: planned, seed, ...choice } = options;
  const { recipe, run } = writeTinyRecipe({ root, ...choice });
  const count = join(root, 'count.json');
  const started = performance.now();
  const straight = await trainChild({
    recipe,
    resume: false,
    workers: 1,
    environment: { DGPO_TEST_RUN: run, DGPO_TEST_COUNT: count },
  });
  if (straight.code !== 0) throw new Error(`the undisturbed run failed: ${straight.errors}`);
  const wall = performance.now() - started;
  const total = JSON.parse(readFileSync(count, 'utf8')) as { operations: number; checkpointOperations: number };
  const expected = contentsOf(run);
  renameSync(run, join(root, 'straight'));

  const random = createRandom(seed).split('kills');
  const kills: Ended[] = [];
  let halfWritten = 0;
  for (let attempt = 0; attempt < planned; attempt++) {
    const draw = random.split(attempt);
    // Shares of the whole that let the run come forward and not to its end, though what is not saved is lost each time.
    const within = (whole: number) => 1 + draw.integer(Math.max(1, Math.ceil(whole / planned)));
    const kind = attempt % 3;
    const { operations, checkpointOperations } = total;
    const at = [`checkpoints:${within(checkpointOperations)}`, `:${within(operations)}`, undefined][kind];
    const ended = await trainChild({
      recipe,
      resume: true,
      // The number of workers must not matter either.
      workers: 1 + (attempt % 2),
      environment: { DGPO_TEST_RUN: run, ...(at === undefined ? {} : { DGPO_TEST_KILL_AT: at }) },
      // A part of that time goes by before the first step.
      killAfter: kind === 2 ? within(2 * wall) : undefined,
    });
    if (ended.signal !== 'SIGKILL') return { expected, actual: contentsOf(run), kills, halfWritten, last: ended };
    kills.push(ended);
    if (existsSync(run) && readdirSync(run, { recursive: true }).some((path) => /checkpoint-\d+\.tmp$/.test(`${path}`)))
      halfWritten++;
  }
  const last = await trainChild({ recipe, resume: true, workers: 2 });
  return { expected, actual: contentsOf(run), kills, halfWritten, last };
}
