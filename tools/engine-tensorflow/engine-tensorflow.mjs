// Installs the engine "tensorflow" where the own download of @tensorflow/tfjs-node is blocked or too old: see docs/engines.md.
import { existsSync } from 'node:fs';
import { mkdir, readFile, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildBinding } from './build-binding.mjs';
import { Failure } from './failure.mjs';
import { checkGivenWheel, getWheel } from './get-wheel.mjs';
import { installPackage, packageVersion } from './install-package.mjs';
import { help, readOptions } from './options.mjs';
import { placeLibrary } from './place-library.mjs';
import { findToolchain } from './toolchain.mjs';
import { verifyEngine } from './verify-engine.mjs';
import { chooseWheel, thisMachine } from './wheels.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const say = (line) => console.log(`engine tensorflow: ${line}`);

/** What the last run that succeeded left; a torn file counts as none. */
async function installedSha256(marker) {
  const text = await readFile(marker, 'utf8').catch(() => '');
  return /^[0-9a-f]{64}\n$/.test(text) ? text.trim() : undefined;
}

async function checkRoom(folder, mebibytes) {
  await mkdir(folder, { recursive: true });
  const { bavail, bsize } = await statfs(folder);
  const free = Math.floor((bavail * bsize) / 2 ** 20);
  if (free < mebibytes) throw new Failure(`${folder} has ${free} MiB free, ${mebibytes} MiB are needed`);
}

async function main() {
  const options = readOptions(process.argv.slice(2));
  if (options.help) {
    console.log(help);
    return;
  }
  const wheel = chooseWheel({ gpu: options.gpu, machine: thisMachine() });
  const name = options.gpu ? '@tensorflow/tfjs-node-gpu' : '@tensorflow/tfjs-node';
  const folder = join(root, 'node_modules', name);
  const marker = join(folder, 'deps', 'wheel.sha256');
  const given =
    options.wheel === undefined
      ? undefined
      : await checkGivenWheel({ path: options.wheel, sha256: options.sha256, wheel });
  if ((await installedSha256(marker)) === (given ?? wheel).sha256) {
    const { libtensorflow } = await verifyEngine({ root, packageFolder: folder });
    say(`${name} ${packageVersion} with libtensorflow ${libtensorflow} is there and works`);
    return;
  }
  const toolchain = await findToolchain();
  const unpacked = options.gpu ? 1500 : 1000;
  await checkRoom(join(root, 'node_modules'), unpacked);
  if (given === undefined) await checkRoom(options.cache, wheel.mebibytes);
  const { path, sha256 } = given ?? (await getWheel({ wheel, cache: options.cache, python: toolchain.python, say }));
  await installPackage({ root, name, say });
  if (!existsSync(join(folder, 'binding.gyp'))) throw new Failure(`${name} ${packageVersion} carries no binding.gyp`);
  say('unpacking the library');
  await placeLibrary({ wheelPath: path, packageFolder: folder });
  say('building the binding');
  await buildBinding({ packageFolder: folder, toolchain });
  const { libtensorflow, gpu } = await verifyEngine({ root, packageFolder: folder });
  await writeFile(marker, `${sha256}\n`);
  say(`${name} ${packageVersion} with libtensorflow ${libtensorflow} works${gpu ? ', on the GPU' : ''}`);
}

try {
  await main();
} catch (error) {
  const full = error.code === 'ENOSPC' ? 'the disk is full' : undefined;
  const denied = error.code === 'EACCES' || error.code === 'EROFS' ? `no permission to write ${error.path}` : undefined;
  console.error(`engine tensorflow: ${full ?? denied ?? error.message}`);
  process.exitCode = error.exitCode ?? 1;
}
