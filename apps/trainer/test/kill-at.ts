/**
 * Loaded before a program (`node --import`): kills its process without warning at one of its own writes, so that no moment of a run is
 * out of reach of a test. `DGPO_TEST_KILL_AT=<part of a path>:<n>` is the n-th operation, counted from 1, that changes files in
 * folders whose path contains the part; what is written at that moment is written half. `DGPO_TEST_COUNT=<file>` counts instead.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const [part = '', at = '0'] = (process.env.DGPO_TEST_KILL_AT ?? '').split(':');
const runs = process.env.DGPO_TEST_RUN ?? '';
const report = process.env.DGPO_TEST_COUNT;

let operations = 0;
let checkpointOperations = 0;
const names = new Map<number, string>();

/** True when it is this operation's turn. */
function isDue(path: unknown): boolean {
  const name = String(path);
  if (!name.startsWith(runs)) return false;
  operations++;
  if (name.includes('checkpoints')) checkpointOperations++;
  return name.includes(part) && (part === '' ? operations : checkpointOperations) === Number(at);
}

const die = () => process.kill(process.pid, 'SIGKILL');
const half = (data: string | Uint8Array) => data.slice(0, Math.floor(data.length / 2));

const { openSync, writeSync, writeFileSync, renameSync, mkdirSync, rmSync, promises } = fs;
fs.openSync = (path, ...rest) => {
  const file = openSync(path, ...rest);
  names.set(file, String(path));
  return file;
};
fs.writeSync = ((file: number, data: string | Uint8Array, ...rest: []) => {
  if (isDue(names.get(file))) {
    writeSync(file, half(data) as string);
    die();
  }
  return writeSync(file, data as string, ...rest);
}) as typeof writeSync;
fs.writeFileSync = (path, data, options) => {
  if (isDue(path)) {
    writeFileSync(path, typeof data === 'string' ? half(data) : '', options);
    die();
  }
  writeFileSync(path, data, options);
};
fs.renameSync = (from, to) => {
  if (isDue(to)) die();
  renameSync(from, to);
};
fs.mkdirSync = ((path: string, options: fs.MakeDirectoryOptions) => {
  if (isDue(path)) die();
  return mkdirSync(path, options);
}) as typeof mkdirSync;
fs.rmSync = (path, options) => {
  if (isDue(path)) die();
  rmSync(path, options);
};

const { open, rename, rm, mkdir, writeFile } = promises;
promises.open = async (path, flags, mode) => {
  const file = await open(path, flags, mode);
  if (flags === 'r' || flags === undefined) return file;
  const write = file.writeFile.bind(file);
  file.writeFile = (async (data: string | Uint8Array) => {
    if (isDue(path)) {
      await write(half(data));
      die();
    }
    return write(data);
  }) as typeof file.writeFile;
  return file;
};
promises.rename = async (from, to) => {
  if (isDue(to)) die();
  return rename(from, to);
};
promises.rm = async (path, options) => {
  if (isDue(path)) die();
  return rm(path, options);
};
promises.mkdir = (async (path: string, options: fs.MakeDirectoryOptions) => {
  if (isDue(path)) die();
  return mkdir(path, options);
}) as typeof mkdir;
promises.writeFile = async (path, data, options) => {
  if (isDue(path)) {
    await writeFile(path, typeof data === 'string' ? half(data) : '', options);
    die();
  }
  return writeFile(path, data, options);
};
syncBuiltinESMExports();

if (report !== undefined) {
  process.on('exit', () => writeFileSync(report, JSON.stringify({ operations, checkpointOperations })));
}
