import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Failure } from './failure.mjs';
import { runCommand } from './run-command.mjs';

const works = async (command, args) => (await runCommand(command, args)).code === 0;

/** node-gyp as npm tells it to scripts, else beside the npm that runs this, else undefined. */
function findNodeGyp(environment) {
  const beside =
    environment.npm_execpath && join(dirname(environment.npm_execpath), '../node_modules/node-gyp/bin/node-gyp.js');
  return [environment.npm_config_node_gyp, beside].find((path) => path && existsSync(path));
}

/** The folder of Node's headers, where they are installed with it; otherwise node-gyp downloads them. */
function findNodeHeaders(environment) {
  if (environment.npm_config_nodedir) return environment.npm_config_nodedir;
  const prefix = join(dirname(process.execPath), '..');
  return existsSync(join(prefix, 'include/node/node_api.h')) ? prefix : undefined;
}

/**
 * Everything that the build needs, looked for before anything is downloaded.
 *
 * @returns `{ python, nodeGyp, nodeHeaders }`, the last undefined where node-gyp has to fetch them
 * @throws Failure that names what is missing
 */
export async function findToolchain(environment = process.env) {
  const wanted = environment.npm_config_python || environment.PYTHON;
  let python;
  for (const candidate of wanted ? [wanted] : ['python3', 'python']) {
    if (await works(candidate, ['-c', 'import sys; sys.exit(sys.version_info < (3, 8))'])) {
      python = candidate;
      break;
    }
  }
  if (python === undefined) {
    throw new Failure(
      `${wanted ? `"${wanted}" is no Python 3.8 or newer` : 'Python 3.8 or newer is missing'}: pip and node-gyp need it (Debian, Ubuntu: apt install python3 python3-pip), or name it in PYTHON`,
    );
  }
  const compiler = environment.CXX || 'g++';
  if (!(await works(compiler, ['--version'])) || !(await works(environment.MAKE || 'make', ['--version']))) {
    throw new Failure(
      `no C++ compiler ("${compiler}") or no make: install them (Debian, Ubuntu: apt install g++ make), or use the engine wasm, which needs none`,
    );
  }
  const nodeGyp = findNodeGyp(environment);
  if (nodeGyp === undefined) {
    throw new Failure('node-gyp, which npm carries, was not found: start this by "npm run engine:tensorflow"');
  }
  return { python, nodeGyp, nodeHeaders: findNodeHeaders(environment) };
}
