import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from './failure.mjs';
import { runCommand, tellingLine } from './run-command.mjs';

/** Exactly the version of the TensorFlow.js that `@dgpo/lm` is pinned to. */
export const packageVersion = '4.22.0';

async function readJson(path) {
  return JSON.parse(await readFile(path, 'utf8').catch(() => 'null'));
}

/**
 * What the engine webgpu needs and is installed without being in the lock file, as `name@version`: npm removes what is neither there
 * nor asked for. The other native package goes: there is one libtensorflow.
 */
async function otherEngines(root) {
  const { peerDependencies } = await readJson(join(root, 'packages/lm/package.json'));
  const others = Object.keys(peerDependencies).filter((other) => other.includes('webgpu'));
  const versions = await Promise.all(
    others.map(async (other) => (await readJson(join(root, 'node_modules', other, 'package.json')))?.version),
  );
  return others.flatMap((other, index) => (versions[index] === undefined ? [] : [`${other}@${versions[index]}`]));
}

/**
 * Installs the npm package without its install script, which would download. package.json and lock file stay as they are.
 *
 * @throws Failure when npm fails
 */
export async function installPackage({ root, name, say, environment = process.env }) {
  if ((await readJson(join(root, 'node_modules', name, 'package.json')))?.version === packageVersion) return;
  say(`installing ${name} ${packageVersion} with npm`);
  const args = [
    ...['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund'],
    `${name}@${packageVersion}`,
    ...(await otherEngines(root)),
  ];
  const npm = environment.npm_execpath;
  const [command, ...rest] = npm === undefined ? ['npm', ...args] : [process.execPath, npm, ...args];
  const { code, stdout, stderr } = await runCommand(command, rest, { cwd: root });
  if (code !== 0) throw new Failure(`npm could not install ${name}: ${tellingLine(stdout + stderr)}`);
}
