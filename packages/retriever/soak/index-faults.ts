import { spawn } from 'node:child_process';
import { cp, readdir, rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { isDgpoError, type Random } from '@dgpo/trajectory';
import { loadRetriever } from '../src/load-retriever.js';
import { commandLine } from './server-process.js';

/** What was done to an index, and how often. */
export interface IndexFaults {
  built: number;
  diskFull: number;
  killed: number;
  truncated: number;
}

interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  errors: string;
}

/**
 * Builds an index in a process of its own. With `blocks` no file may grow beyond so many blocks of 512 bytes: the system then refuses
 * to write on as a full disk does (EFBIG; Node ignores SIGXFSZ). With `killAfter` it is killed after so many milliseconds.
 */
function build(
  corpus: string,
  out: string,
  { blocks, killAfter }: { blocks?: number; killAfter?: number } = {},
): Promise<Ended> {
  const words = commandLine(['index', corpus, '--out', out]);
  const limit = blocks === undefined ? '' : `ulimit -f ${blocks}; `;
  const child = spawn('sh', ['-c', `${limit}exec "$@"`, 'sh', process.execPath, ...words], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk;
  });
  const timer = killAfter === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfter);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, errors });
    });
  });
}

/** The fingerprint of the index that stands there, or why it does not open. */
async function fingerprintAt(directory: string): Promise<string> {
  try {
    const retriever = await loadRetriever({ directory });
    await retriever.close();
    return retriever.fingerprint;
  } catch (error) {
    return `none (${error instanceof Error ? error.message : error})`;
  }
}

/** Cuts one file of a copy of the index; opening it must fail with an error that says so. */
async function cutAndOpen(directory: string, copy: string, random: Random): Promise<string | undefined> {
  await rm(copy, { recursive: true, force: true });
  await cp(directory, copy, { recursive: true });
  const name = random.pick((await readdir(copy)).sort());
  const path = join(copy, name);
  await truncate(path, random.integer((await stat(path)).size));
  try {
    await loadRetriever({ directory: copy });
    return `an index whose ${name} is cut off opened`;
  } catch (error) {
    if (isDgpoError(error) && error.code === 'RETRIEVER_ERROR') return undefined;
    return `a cut-off ${name} gives another error than promised: ${error}`;
  }
}

/** What stands beside an index that no build is working on. */
const leftovers = async (directory: string) =>
  (await readdir(directory)).filter((name) => /\.(building|previous)$/.test(name));

/**
 * Replaces an index again and again until `isOver`: undisturbed, on a full disk, killed on the way; and opens damaged copies. After
 * each the old index or the new one must stand there, whole.
 */
export async function soakIndex({
  directory,
  corpora,
  random,
  isOver,
  violate,
}: {
  /** Scratch folder of its own. */
  directory: string;
  corpora: readonly [string, string];
  random: Random;
  isOver: () => boolean;
  violate: (message: string) => void;
}): Promise<IndexFaults> {
  const done: IndexFaults = { built: 0, diskFull: 0, killed: 0, truncated: 0 };
  const out = join(directory, 'index');
  const fingerprints: string[] = [];
  for (const [index, corpus] of corpora.entries()) {
    const reference = join(directory, `reference-${index}`);
    const { code, errors } = await build(corpus, reference);
    if (code !== 0) throw new Error(`a plain index cannot be built: ${errors}`);
    fingerprints.push(await fingerprintAt(reference));
  }
  let current = 0;
  const started = performance.now();
  const firstBuild = await build(corpora[0], out);
  const buildTime = performance.now() - started;
  if (firstBuild.code !== 0) throw new Error(`a plain index cannot be built: ${firstBuild.errors}`);

  const expect = async (after: string, allowed: readonly number[]) => {
    const found = await fingerprintAt(out);
    const standing = fingerprints.indexOf(found);
    if (!allowed.includes(standing)) violate(`after ${after}, the index is neither old nor new: ${found}`);
    else current = standing;
  };

  do {
    const other = 1 - current;
    const corpus = corpora[other] ?? corpora[0];

    const full = await build(corpus, out, { blocks: 64 + random.integer(256) });
    done.diskFull += 1;
    if (full.code !== 1 || !/error: .*(EFBIG|ENOSPC|cannot be written|cannot write)/.test(full.errors)) {
      violate(`a full disk is not reported (code ${full.code}, signal ${full.signal}): ${full.errors}`);
    }
    await expect('a full disk', [current]);
    if ((await leftovers(directory)).length > 0) violate('a build on a full disk leaves files behind');

    const killed = await build(corpus, out, { killAfter: Math.floor(buildTime * (0.2 + 0.9 * random.next())) });
    done.killed += killed.signal === 'SIGKILL' ? 1 : 0;
    await expect('a killed build', [0, 1]);

    for (let cut = 0; cut < 4; cut++) {
      const complaint = await cutAndOpen(out, join(directory, 'cut'), random);
      if (complaint !== undefined) violate(complaint);
      done.truncated += 1;
    }

    const next = 1 - current;
    const { code, errors } = await build(corpora[next] ?? corpora[0], out);
    if (code !== 0) violate(`a build fails: ${errors}`);
    await expect('a build', [next]);
    // A killed build leaves its unfinished files; the next one clears them.
    if ((await leftovers(directory)).length > 0) violate('a finished build leaves files behind');
    done.built += 1;
  } while (!isOver());
  return done;
}
