import { execFileSync, spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { ConfigError } from '@dgpo/trajectory';

/** The commit of the working tree, for results. */
export function currentCommit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}

/**
 * Seeds as an option gives them, such as `0,1,2`.
 * @throws ConfigError for anything but whole numbers
 */
export function readSeeds(text: string): number[] {
  if (/^\d+(?:,\d+)*$/.test(text)) return text.split(',').map(Number);
  throw new ConfigError('takes whole numbers, such as 0,1,2', { where: '--seeds' });
}

/** The same script on one seed, in a process of its own. */
function runSeed(options: { words: readonly string[]; seed: number; signal: AbortSignal }): Promise<void> {
  const { words, seed, signal } = options;
  const script = process.argv[1] ?? '';
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [...process.execArgv, script, ...words, '--seeds', String(seed)], {
      stdio: 'inherit',
    });
    signal.addEventListener('abort', () => child.kill('SIGINT'), { once: true });
    child.on('error', fail);
    child.on('exit', (code) => {
      if (code === 0 || signal.aborted) done();
      else fail(new ConfigError('this seed failed; its messages are above', { where: `seed ${seed}` }));
    });
  });
}

/** Runs seeds by this script in processes of their own, some at one time; gives those that are left for this process. */
export async function runSideBySide(options: {
  seeds: readonly number[];
  /** Seeds at one time. */
  sideBySide: number;
  /** Options of the script, by their names. */
  flags: Readonly<Record<string, string | number | undefined>>;
  /** Worker threads of each; 0 shares the cores out. */
  workers: number;
  signal: AbortSignal;
}): Promise<number[]> {
  const { sideBySide, flags, signal } = options;
  const waiting = [...options.seeds];
  while (sideBySide > 1 && waiting.length > 1 && !signal.aborted) {
    const batch = waiting.splice(0, sideBySide);
    const workers = options.workers || Math.max(1, Math.floor(availableParallelism() / batch.length));
    const words = Object.entries({ ...flags, workers }).flatMap(([name, value]) =>
      value === undefined ? [] : [`--${name}`, String(value)],
    );
    await Promise.all(batch.map((seed) => runSeed({ words, seed, signal })));
  }
  return waiting;
}
