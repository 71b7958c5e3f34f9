import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installedCopies } from '../pack-check/installed-tree.mjs';
import { Failure } from './failure.mjs';
import { runCommand, tellingLine } from './run-command.mjs';

/** Two copies of the core would be two registries of kernels: the engine would be loaded and never be used. */
function checkSingleCore(root) {
  const folders = [
    '.',
    ...['packages', 'apps'].flatMap((group) => readdirSync(join(root, group)).map((name) => join(group, name))),
  ];
  const copies = folders
    .map((folder) => join(root, folder, 'node_modules'))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => installedCopies(folder, '@tensorflow/tfjs-core'));
  if (copies.length !== 1) {
    throw new Failure(
      `there must be one @tensorflow/tfjs-core, here are ${copies.length}: ${copies.join(', ')}; run "npm ci" and this again`,
    );
  }
}

/**
 * Loads the engine in a process of its own, multiplies two matrices and compares with the product by hand.
 *
 * @returns `{ libtensorflow, gpu }`
 * @throws Failure that says why it does not work
 */
export async function verifyEngine({ root, packageFolder }) {
  checkSingleCore(root);
  const script = fileURLToPath(new URL('multiply.mjs', import.meta.url));
  const { code, signal, stdout, stderr } = await runCommand(process.execPath, [script, packageFolder], {
    cwd: root,
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '2' },
  });
  if (signal === 'SIGILL') throw new Failure('the library needs a processor with AVX: use the engine wasm');
  if (signal !== null) throw new Failure(`the library crashed (${signal}): ${tellingLine(stderr)}`);
  const last = stdout.trim().split('\n').at(-1) ?? '';
  const result = last.startsWith('{') ? JSON.parse(last) : { failure: tellingLine(stderr) };
  if (code !== 0 || result.backend !== 'tensorflow') {
    throw new Failure(`the engine does not load: ${result.failure ?? `the backend is ${result.backend}`}`);
  }
  return result;
}
