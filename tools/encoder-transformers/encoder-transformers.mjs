// Installs @huggingface/transformers, an optional peer of @dgpo/retriever, into node_modules: npm run encoder:transformers
import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Failure } from '../engine-tensorflow/failure.mjs';
import { runCommand, tellingLine } from '../engine-tensorflow/run-command.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const name = '@huggingface/transformers';
const version = '4.3.1';
const say = (line) => console.log(`encoder transformers: ${line}`);

async function readJson(path) {
  return JSON.parse(await readFile(path, 'utf8').catch(() => 'null'));
}

/**
 * Optional peers that were installed like this one, as `name@version`: npm removes what is neither in the lock file nor asked for.
 */
async function otherPeers() {
  const { packages } = await readJson(join(root, 'package-lock.json'));
  const found = new Set();
  for (const folder of readdirSync(join(root, 'packages'))) {
    const { peerDependencies = {} } = (await readJson(join(root, 'packages', folder, 'package.json'))) ?? {};
    for (const peer of Object.keys(peerDependencies)) {
      const installed = (await readJson(join(root, 'node_modules', peer, 'package.json')))?.version;
      const known = Object.hasOwn(packages, `node_modules/${peer}`);
      if (installed !== undefined && !known && peer !== name) found.add(`${peer}@${installed}`);
    }
  }
  return [...found];
}

async function install(environment = process.env) {
  if ((await readJson(join(root, 'node_modules', name, 'package.json')))?.version === version) return;
  say(`installing ${name} ${version} with npm`);
  // Without install scripts: that of onnxruntime-node would fetch CUDA libraries, the CPU's lie in the package.
  const args = ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', `${name}@${version}`];
  args.push(...(await otherPeers()));
  const npm = environment.npm_execpath;
  const [command, ...rest] = npm === undefined ? ['npm', ...args] : [process.execPath, npm, ...args];
  const env = { ...environment, ONNXRUNTIME_NODE_INSTALL: 'skip' };
  const { code, stdout, stderr } = await runCommand(command, rest, { cwd: root, env });
  if (code !== 0) throw new Failure(`npm could not install ${name}: ${tellingLine(stdout + stderr)}`);
}

/** Loads the package in a process of its own: its native parts fail there, not here. */
async function verify() {
  const script = `const { Tensor, env } = await import('${name}');
    if (new Tensor('float32', Float32Array.of(1, 2), [2]).size !== 2) throw new Error('it computes nonsense');
    console.log(env.version);`;
  const { code, stdout, stderr } = await runCommand(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: root,
  });
  if (code !== 0) throw new Failure(`${name} does not load: ${tellingLine(stderr)}`);
  return stdout.trim();
}

try {
  if (process.argv.length > 2) {
    console.log(
      `usage: npm run encoder:transformers\n\nInstalls ${name} ${version} without saving it in package.json.`,
    );
    if (!process.argv.includes('--help')) process.exitCode = 2;
  } else {
    await install();
    say(`${name} ${await verify()} works`);
  }
} catch (error) {
  console.error(`encoder transformers: ${error.message}`);
  process.exitCode = error.exitCode ?? 1;
}
