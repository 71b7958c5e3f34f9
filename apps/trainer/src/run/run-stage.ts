import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { ConfigError } from '@dgpo/trajectory';
import { hashFile, hashValue } from './stable-hash.js';

/** Options of {@link runStage}. */
export interface RunStageOptions<Output> {
  /** The run directory; the stage lives in `stages/<name>` below it. */
  runDirectory: string;
  /** Such as `corpus`, `index` or `cold-start`. */
  name: string;
  /** Everything that the outputs depend on, as JSON: settings, hashes of input files (`hashFile`), keys of earlier stages. */
  inputs: unknown;
  /**
   * Does the work: writes files below `directory` and returns a JSON value. `continued` is true when an earlier attempt with the
   * same inputs was interrupted; what it wrote (its checkpoints, for example) is still there, but for files ending in `.tmp`.
   */
  run(context: { directory: string; continued: boolean }): Promise<Output>;
}

/** What {@link runStage} gives back. */
export interface StageResult<Output> {
  output: Output;
  /** Folder with the files of the stage. */
  directory: string;
  /** Hash of the inputs; a later stage puts it into its own. */
  key: string;
  /** True when nothing had to be done. */
  skipped: boolean;
}

interface StageManifest {
  key: string;
  output: unknown;
  files: Record<string, { bytes: number; sha256: string }>;
}

const manifestName = 'stage.json';
const keyName = 'stage.key';

/**
 * Runs a stage of the pipeline, or skips it when its outputs are there, made from the same inputs and undamaged. Outputs made
 * from other inputs are deleted first.
 *
 * @throws whatever `run` throws; the stage then counts as interrupted
 */
export async function runStage<Output>(options: RunStageOptions<Output>): Promise<StageResult<Output>> {
  if (!/^[\w.-]+$/.test(options.name)) throw new ConfigError('is not a name for a stage', { where: options.name });
  const directory = join(options.runDirectory, 'stages', options.name);
  const key = hashValue({ name: options.name, inputs: options.inputs });
  const manifest = readManifest(directory);
  if (manifest?.key === key && (await isUndamaged(directory, manifest))) {
    return { output: manifest.output as Output, directory, key, skipped: true };
  }
  const continued = manifest === undefined && readKey(directory) === key;
  if (continued) {
    // What an attempt was writing when it was killed would be taken for its output.
    const unfinished = listFiles(directory).filter((path) => path.endsWith('.tmp'));
    for (const path of unfinished) rmSync(join(directory, path));
  } else {
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, keyName), `${key}\n`);
  }
  const output = await options.run({ directory, continued });
  const files: StageManifest['files'] = {};
  for (const path of listFiles(directory)) {
    files[path] = { bytes: statSync(join(directory, path)).size, sha256: await hashFile(join(directory, path)) };
  }
  const complete: StageManifest = { key, output: output ?? null, files };
  writeFileSync(join(directory, `${manifestName}.tmp`), `${JSON.stringify(complete, null, 2)}\n`);
  renameSync(join(directory, `${manifestName}.tmp`), join(directory, manifestName));
  return { output, directory, key, skipped: false };
}

function listFiles(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((path) => path !== manifestName && path !== `${manifestName}.tmp`)
    .sort();
}

function readManifest(directory: string): StageManifest | undefined {
  const path = join(directory, manifestName);
  if (!existsSync(path)) return undefined;
  try {
    const value = JSON.parse(readFileSync(path, 'utf8')) as StageManifest;
    return typeof value.key === 'string' && typeof value.files === 'object' ? value : undefined;
  } catch {
    return undefined;
  }
}

function readKey(directory: string): string | undefined {
  const path = join(directory, keyName);
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : undefined;
}

async function isUndamaged(directory: string, manifest: StageManifest): Promise<boolean> {
  for (const [name, expected] of Object.entries(manifest.files)) {
    const path = join(directory, name);
    if (!existsSync(path) || statSync(path).size !== expected.bytes) return false;
    if ((await hashFile(path)) !== expected.sha256) return false;
  }
  return true;
}
