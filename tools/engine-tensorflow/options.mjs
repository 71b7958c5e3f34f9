import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Failure } from './failure.mjs';

export const help = `usage: npm run engine:tensorflow -- [options]

Installs the engine "tensorflow": the npm package with its libtensorflow from a PyPI wheel, and builds the binding.

  --gpu            @tensorflow/tfjs-node-gpu with the CUDA library (Linux x64); without it @tensorflow/tfjs-node
  --cache <dir>    where wheels are kept (default: $XDG_CACHE_HOME/dgpo, else ~/.cache/dgpo)
  --wheel <file>   a wheel of tensorflow or tensorflow-cpu that is here already: nothing is downloaded
  --sha256 <hex>   what --wheel must have; needed for a wheel of another version than the pinned one
  --help
`;

/**
 * Reads the command line.
 *
 * @throws Failure with exit code 2
 */
export function readOptions(args, environment = process.env) {
  const bad = (message) => new Failure(`${message}; see --help`, { exitCode: 2 });
  let values;
  try {
    ({ values } = parseArgs({
      args,
      options: {
        gpu: { type: 'boolean', default: false },
        cache: { type: 'string' },
        wheel: { type: 'string' },
        sha256: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    }));
  } catch (error) {
    throw bad(error.message.split('. ')[0]);
  }
  for (const name of ['cache', 'wheel', 'sha256']) {
    if (values[name] === '') throw bad(`--${name} needs a value`);
  }
  if (values.sha256 !== undefined) {
    if (values.wheel === undefined) throw bad('--sha256 goes with --wheel');
    if (!/^[0-9a-f]{64}$/i.test(values.sha256)) throw bad('--sha256 must be 64 hexadecimal digits');
  }
  // An empty variable is as good as none (XDG Base Directory Specification).
  const base = environment.XDG_CACHE_HOME || join(homedir(), '.cache');
  return {
    gpu: values.gpu,
    help: values.help,
    cache: resolve(values.cache ?? join(base, 'dgpo')),
    wheel: values.wheel === undefined ? undefined : resolve(values.wheel),
    sha256: values.sha256?.toLowerCase(),
  };
}
