import { join } from 'node:path';
import { CheckpointError } from '@dgpo/trajectory';
import {
  type BestStep,
  folderName,
  type Manifest,
  OtherVersionError,
  type PointerName,
  readManifest,
  readPointer,
  stepsOf,
} from './checkpoint-folder.js';
import { type FileSystem, nodeFileSystem } from './file-system.js';
import { firstDifference, showValue } from './first-difference.js';
import { sha256 } from './stable-hash.js';

/** A verified checkpoint. */
export interface Checkpoint {
  step: number;
  /** The `checkpoint-<step>` folder. */
  path: string;
  /** The best checkpoint when this one was written. */
  best?: BestStep;
  files: Record<string, Uint8Array>;
  /** A file as text. Throws {@link CheckpointError} when the checkpoint has no such file. */
  text(name: string): string;
  /** A file as bytes. Throws {@link CheckpointError} when the checkpoint has no such file. */
  bytes(name: string): Uint8Array;
}

/** Options of {@link readCheckpoint}. */
export interface ReadCheckpointOptions {
  /** A `checkpoint-<step>` folder, or the folder that holds them (then the one that `pointer` names is read). */
  directory: string;
  /** Must equal the `config` given when it was written. @default unchecked */
  config?: unknown;
  /** @default 'latest' */
  pointer?: PointerName;
  /** @default the real file system */
  fileSystem?: FileSystem;
}

/** The step of the latest (or best) checkpoint in a folder, or undefined when there is none. Nothing is verified. */
export async function latestCheckpointStep(
  options: Pick<ReadCheckpointOptions, 'directory' | 'pointer' | 'fileSystem'>,
): Promise<number | undefined> {
  return readPointer(options.fileSystem ?? nodeFileSystem, options.directory, options.pointer);
}

/**
 * Reads a checkpoint and verifies the SHA-256 of every file.
 *
 * @throws {CheckpointError} when there is none, a file is missing or damaged, or it was written with another config (the message
 *   names the first key that differs)
 */
export async function readCheckpoint(options: ReadCheckpointOptions): Promise<Checkpoint> {
  const { directory, pointer, fileSystem = nodeFileSystem } = options;
  const step = await readPointer(fileSystem, directory, pointer);
  const path = step === undefined ? directory : join(directory, folderName(step));
  try {
    return await readFolder({ path, config: options.config, fileSystem });
  } catch (error) {
    if (!(error instanceof DamageError)) throw error;
    const steps = stepsOf(await fileSystem.readdir(directory).catch(() => []));
    const others = steps.map((other) => join(directory, folderName(other))).filter((other) => other !== path);
    const advice = others.length === 0 ? '' : `; other checkpoints here: ${others.join(', ')}`;
    throw new CheckpointError(`${error.problem}${advice}`, { where: path, cause: error.cause });
  }
}

/**
 * Reads the latest checkpoint, or else the newest one that is undamaged: those before it first.
 *
 * @param options.report told in one line which checkpoint is passed over, why, and which is taken
 * @returns undefined when the folder holds no checkpoint
 * @throws {CheckpointError} when none of them is valid, or was written with another config or in another format
 */
export async function findCheckpoint(
  options: Omit<ReadCheckpointOptions, 'pointer'> & { report?: (line: string) => void },
): Promise<Checkpoint | undefined> {
  const { directory, config, report, fileSystem = nodeFileSystem } = options;
  const latest = await readPointer(fileSystem, directory);
  const steps = stepsOf(await fileSystem.readdir(directory).catch(() => []));
  const last = latest ?? Number.POSITIVE_INFINITY;
  const candidates = new Set([
    ...(latest === undefined ? [] : [latest]),
    ...steps.filter((step) => step < last),
    ...steps.filter((step) => step > last),
  ]);
  const problems: string[] = [];
  for (const step of candidates) {
    try {
      const checkpoint = await readFolder({ path: join(directory, folderName(step)), config, fileSystem });
      if (problems.length > 0) report?.(`${problems.join('; ')}; continuing from ${folderName(step)}`);
      return checkpoint;
    } catch (error) {
      if (!(error instanceof DamageError)) throw error;
      problems.push(`${folderName(step)}: ${error.problem}`);
    }
  }
  if (problems.length === 0) return undefined;
  throw new CheckpointError(`no checkpoint is valid (${problems.join('; ')}); delete this folder to start over`, {
    where: directory,
  });
}

/** A checkpoint that cannot be used, though another may be. */
class DamageError extends CheckpointError {
  constructor(
    readonly problem: string,
    options: { where: string; cause?: unknown },
  ) {
    super(problem, options);
  }
}

/** As {@link readManifest}, with damage told from another version. */
async function manifestOf(fileSystem: FileSystem, path: string): Promise<Manifest> {
  try {
    return await readManifest(fileSystem, path);
  } catch (cause) {
    if (cause instanceof OtherVersionError || !(cause instanceof CheckpointError)) throw cause;
    throw new DamageError(cause.message.replace(`${path}: `, ''), { where: path, cause });
  }
}

async function readFolder(options: { path: string; config: unknown; fileSystem: FileSystem }): Promise<Checkpoint> {
  const { path, config, fileSystem } = options;
  const manifest = await manifestOf(fileSystem, path);
  if (config !== undefined && manifest.config !== undefined) {
    const now: unknown = JSON.parse(JSON.stringify(config));
    const difference = firstDifference({ left: manifest.config, right: now });
    if (difference !== undefined) {
      const { key, left, right } = difference;
      throw new CheckpointError(
        `was written with another config (${key}: ${showValue(left)}, not ${showValue(right)}); resume with the old one or choose a new output folder`,
        { where: path },
      );
    }
  }
  const files: Record<string, Uint8Array> = {};
  for (const [name, expected] of Object.entries(manifest.files)) {
    const data = await fileSystem.readFile(join(path, name)).catch((cause: unknown) => {
      throw new DamageError(`cannot read ${name}`, { where: path, cause });
    });
    if (data.byteLength !== expected.bytes || sha256(data) !== expected.sha256) {
      throw new DamageError(`${name} is damaged (its SHA-256 differs from the manifest)`, { where: path });
    }
    files[name] = data;
  }
  const bytes = (name: string) => {
    const data = files[name];
    if (data === undefined) throw new CheckpointError(`has no file ${name}`, { where: path });
    return data;
  };
  const { step, best } = manifest;
  const text = (name: string) => Buffer.from(bytes(name)).toString('utf8');
  return { step, path, ...(best === undefined ? {} : { best }), files, bytes, text };
}
