import { dirname, join } from 'node:path';
import { CheckpointError } from '@dgpo/trajectory';
import { z } from 'zod';
import { type FileSystem, hasCode, nodeFileSystem, replaceFile, syncFolder, writeDurably } from './file-system.js';
import { hashValue, sha256 } from './stable-hash.js';

const manifestSchema = z.object({
  version: z.literal(1),
  step: z.int().min(0),
  config: z.string().optional(),
  files: z.record(z.string(), z.object({ bytes: z.int(), sha256: z.string() })),
});

/** Options of {@link writeCheckpoint}. */
export interface WriteCheckpointOptions {
  /** Folder that holds the `checkpoint-<step>` folders and the `latest` pointer. */
  directory: string;
  /** Completed steps. */
  step: number;
  /** Content by relative path, such as `model/config.json`; `/` separates folders. */
  files: Readonly<Record<string, Uint8Array | string>>;
  /** What must be the same to continue from here; its hash goes into the manifest. @default unchecked */
  config?: unknown;
  /** Checkpoints to keep, the newest first. @default all */
  keep?: number;
  /** @default the real file system */
  fileSystem?: FileSystem;
}

/** A verified checkpoint. */
export interface Checkpoint {
  step: number;
  /** The `checkpoint-<step>` folder. */
  path: string;
  files: Record<string, Uint8Array>;
  /** A file as text. Throws {@link CheckpointError} when the checkpoint has no such file. */
  text(name: string): string;
  /** A file as bytes. Throws {@link CheckpointError} when the checkpoint has no such file. */
  bytes(name: string): Uint8Array;
}

const folderName = (step: number) => `checkpoint-${step}`;
const pointerName = 'latest';
const manifestName = 'manifest.json';

/**
 * Writes `checkpoint-<step>/` so that a crash at any moment leaves either the previous checkpoint or this one: files and a
 * manifest of their SHA-256 go to `checkpoint-<step>.tmp`, are synced, the folder is renamed, then the `latest` pointer.
 *
 * @returns the folder of the checkpoint
 * @throws {CheckpointError} when it cannot be written, for example on a full disk; the previous checkpoint is then intact
 */
export async function writeCheckpoint(options: WriteCheckpointOptions): Promise<string> {
  const { directory, step, files, keep, fileSystem = nodeFileSystem } = options;
  const target = join(directory, folderName(step));
  const temporary = `${target}.tmp`;
  const manifest = {
    version: 1,
    step,
    ...(options.config === undefined ? {} : { config: hashValue(options.config) }),
    files: Object.fromEntries(
      Object.entries(files).map(([name, data]) => {
        if (!isSafeName(name))
          throw new CheckpointError(`"${name}" is not a file name for a checkpoint`, { where: target });
        return [name, { bytes: Buffer.byteLength(data), sha256: sha256(data) }];
      }),
    ),
  };
  const manifestText = `${JSON.stringify(manifest, null, 2)}\n`;
  if (await isLatest({ directory, step, manifestText, fileSystem })) return target;
  try {
    await fileSystem.rm(temporary, { recursive: true, force: true });
    const folders = new Set([temporary, ...Object.keys(files).map((name) => dirname(join(temporary, name)))]);
    for (const folder of folders) await fileSystem.mkdir(folder, { recursive: true });
    for (const [name, data] of Object.entries(files)) await writeDurably(fileSystem, join(temporary, name), data);
    await writeDurably(fileSystem, join(temporary, manifestName), manifestText);
    for (const folder of folders) await syncFolder(fileSystem, folder);
    await fileSystem.rm(target, { recursive: true, force: true });
    await fileSystem.rename(temporary, target);
    await replaceFile(fileSystem, join(directory, pointerName), `${folderName(step)}\n`);
    await syncFolder(fileSystem, directory);
  } catch (cause) {
    await fileSystem.rm(temporary, { recursive: true, force: true }).catch(() => undefined);
    throw new CheckpointError(await writeProblem(fileSystem, directory, cause), { where: target, cause });
  }
  if (keep !== undefined) await prune({ directory, step, keep, fileSystem });
  return target;
}

/** True when the latest checkpoint is this one already: a step done again after a resume needs no second write. */
async function isLatest(options: { directory: string; step: number; manifestText: string; fileSystem: FileSystem }) {
  const { directory, step, manifestText, fileSystem } = options;
  const pointer = await readPointer(fileSystem, directory).catch(() => undefined);
  if (pointer !== folderName(step)) return false;
  const existing = await fileSystem.readFile(join(directory, pointer, manifestName)).catch(() => undefined);
  return existing !== undefined && Buffer.from(existing).toString('utf8') === manifestText;
}

async function writeProblem(fileSystem: FileSystem, directory: string, cause: unknown): Promise<string> {
  const reason = hasCode(cause, 'ENOSPC', 'EDQUOT')
    ? 'the disk is full; free some space'
    : `cannot be written (${cause instanceof Error ? cause.message : String(cause)})`;
  const previous = await readPointer(fileSystem, directory).catch(() => undefined);
  return previous === undefined ? `${reason} and start again` : `${reason} and resume: ${previous} is intact`;
}

async function prune(options: {
  directory: string;
  step: number;
  keep: number;
  fileSystem: FileSystem;
}): Promise<void> {
  const { directory, step, keep, fileSystem } = options;
  const entries = await fileSystem.readdir(directory);
  const others = stepsOf(entries).filter((other) => other !== step);
  const old = others.filter((other) => other < step).sort((a, b) => b - a);
  // Checkpoints past the latest are left over from before a resume at an earlier step.
  const stale = others.filter((other) => other > step);
  const unfinished = entries.filter((name) => /^checkpoint-\d+\.tmp$/.test(name));
  for (const name of [...[...old.slice(Math.max(0, keep - 1)), ...stale].map(folderName), ...unfinished]) {
    await fileSystem.rm(join(directory, name), { recursive: true, force: true });
  }
}

const stepsOf = (names: readonly string[]) =>
  names.flatMap((name) => {
    const step = /^checkpoint-(\d+)$/.exec(name)?.[1];
    return step === undefined ? [] : [Number(step)];
  });

function isSafeName(name: string): boolean {
  const parts = name.split('/');
  return (
    name !== manifestName && !name.includes('\\') && parts.every((part) => part !== '' && part !== '.' && part !== '..')
  );
}

async function readPointer(fileSystem: FileSystem, directory: string): Promise<string | undefined> {
  try {
    const name = Buffer.from(await fileSystem.readFile(join(directory, pointerName)))
      .toString('utf8')
      .trim();
    return /^checkpoint-\d+$/.test(name) ? name : undefined;
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}

/** Options of {@link readCheckpoint}. */
export interface ReadCheckpointOptions {
  /** A `checkpoint-<step>` folder, or the folder that holds them (then the latest is read). */
  directory: string;
  /** Must equal the `config` given when it was written. @default unchecked */
  config?: unknown;
  /** @default the real file system */
  fileSystem?: FileSystem;
}

/** The step of the latest checkpoint in a folder, or undefined when there is none. Nothing is verified. */
export async function latestCheckpointStep(options: ReadCheckpointOptions): Promise<number | undefined> {
  const name = await readPointer(options.fileSystem ?? nodeFileSystem, options.directory);
  return name === undefined ? undefined : Number(name.slice('checkpoint-'.length));
}

/**
 * Reads a checkpoint and verifies the SHA-256 of every file.
 *
 * @throws {CheckpointError} when there is none, a file is missing or damaged, or it was written with another config
 */
export async function readCheckpoint(options: ReadCheckpointOptions): Promise<Checkpoint> {
  const { directory, fileSystem = nodeFileSystem } = options;
  const pointer = await readPointer(fileSystem, directory);
  const path = pointer === undefined ? directory : join(directory, pointer);
  const manifest = await readManifest({ path, fileSystem, advice: () => advice(fileSystem, directory, path) });
  if (options.config !== undefined && manifest.config !== undefined && manifest.config !== hashValue(options.config)) {
    throw new CheckpointError(
      'was written with another config; resume with the old one or choose a new output folder',
      {
        where: path,
      },
    );
  }
  const files: Record<string, Uint8Array> = {};
  for (const [name, expected] of Object.entries(manifest.files)) {
    const data = await fileSystem.readFile(join(path, name)).catch((cause: unknown) => {
      throw new CheckpointError(`cannot read ${name}`, { where: path, cause });
    });
    if (data.byteLength !== expected.bytes || sha256(data) !== expected.sha256) {
      const hint = await advice(fileSystem, directory, path);
      throw new CheckpointError(`${name} is damaged (its SHA-256 differs from the manifest)${hint}`, { where: path });
    }
    files[name] = data;
  }
  const bytes = (name: string) => {
    const data = files[name];
    if (data === undefined) throw new CheckpointError(`has no file ${name}`, { where: path });
    return data;
  };
  return { step: manifest.step, path, files, bytes, text: (name) => Buffer.from(bytes(name)).toString('utf8') };
}

async function advice(fileSystem: FileSystem, directory: string, damaged: string): Promise<string> {
  const steps = stepsOf(await fileSystem.readdir(directory).catch(() => []));
  const others = steps.map((step) => join(directory, folderName(step))).filter((path) => path !== damaged);
  return others.length === 0 ? '' : `; other checkpoints here: ${others.join(', ')}`;
}

async function readManifest(options: { path: string; fileSystem: FileSystem; advice: () => Promise<string> }) {
  const { path, fileSystem } = options;
  let data: Uint8Array;
  try {
    data = await fileSystem.readFile(join(path, manifestName));
  } catch (cause) {
    throw new CheckpointError(`there is no checkpoint here${await options.advice()}`, { where: path, cause });
  }
  try {
    const manifest = manifestSchema.parse(JSON.parse(Buffer.from(data).toString('utf8')));
    if (!Object.keys(manifest.files).every(isSafeName)) throw new Error('a file name leaves the folder');
    return manifest;
  } catch (cause) {
    throw new CheckpointError(`${manifestName} is damaged${await options.advice()}`, { where: path, cause });
  }
}
