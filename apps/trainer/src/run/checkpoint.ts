import { dirname, join } from 'node:path';
import { CheckpointError } from '@dgpo/trajectory';
import {
  type BestStep,
  checkpointVersion,
  folderName,
  isSafeName,
  type Manifest,
  manifestName,
  readManifest,
  readPointer,
} from './checkpoint-folder.js';
import { type FileSystem, hasCode, nodeFileSystem, replaceFile, syncFolder, writeDurably } from './file-system.js';
import { pruneCheckpoints } from './prune-checkpoints.js';
import { sha256 } from './stable-hash.js';

/** A file, whole or in pieces that follow each other. */
export type CheckpointContent = string | Uint8Array | readonly Uint8Array[];

/** Options of {@link writeCheckpoint}. */
export interface WriteCheckpointOptions {
  /** Folder that holds the `checkpoint-<step>` folders and the pointers `latest` and `best`. */
  directory: string;
  /** Completed steps. */
  step: number;
  /** Content by relative path, such as `model/config.json`; `/` separates folders. */
  files: Readonly<Record<string, CheckpointContent>>;
  /** What must be the same to continue from here, as JSON; it goes into the manifest. @default unchecked */
  config?: unknown;
  /** Which checkpoint is the best so far, this one included; it is never removed. @default none */
  best?: BestStep;
  /** Checkpoints to keep, the newest first, beside the best. @default all */
  keep?: number;
  /** @default the real file system */
  fileSystem?: FileSystem;
}

const piecesOf = (content: CheckpointContent): readonly (string | Uint8Array)[] =>
  typeof content === 'string' || content instanceof Uint8Array ? [content] : content;

const bytesOf = (content: CheckpointContent) =>
  piecesOf(content).reduce((bytes, piece) => bytes + Buffer.byteLength(piece), 0);

/**
 * Writes `checkpoint-<step>/` so that a crash at any moment leaves either the previous checkpoint or this one: files and a
 * manifest of their SHA-256 go to `checkpoint-<step>.tmp`, are synced, the folder is renamed, then the pointers `latest` and `best`.
 *
 * @returns the folder of the checkpoint
 * @throws {CheckpointError} when it cannot be written, for example on a full disk; the previous checkpoint is then intact
 */
export async function writeCheckpoint(options: WriteCheckpointOptions): Promise<string> {
  const { directory, step, files, best, keep, fileSystem = nodeFileSystem } = options;
  const target = join(directory, folderName(step));
  const temporary = `${target}.tmp`;
  const wrong = Object.keys(files).find((name) => !isSafeName(name));
  if (wrong !== undefined) {
    throw new CheckpointError(`"${wrong}" is not a file name for a checkpoint`, { where: target });
  }
  const manifest: Manifest = {
    version: checkpointVersion,
    step,
    config: options.config,
    ...(best === undefined ? {} : { best }),
    files: Object.fromEntries(
      Object.entries(files).map(([name, content]) => [
        name,
        { bytes: bytesOf(content), sha256: sha256(...piecesOf(content)) },
      ]),
    ),
  };
  const manifestText = `${JSON.stringify(manifest, null, 2)}\n`;
  if (await isLatest({ directory, manifest, manifestText, fileSystem })) return target;
  try {
    await fileSystem.rm(temporary, { recursive: true, force: true });
    const folders = new Set([temporary, ...Object.keys(files).map((name) => dirname(join(temporary, name)))]);
    for (const folder of folders) await fileSystem.mkdir(folder, { recursive: true });
    for (const [name, content] of Object.entries(files)) {
      await writeDurably(fileSystem, join(temporary, name), ...piecesOf(content));
    }
    await writeDurably(fileSystem, join(temporary, manifestName), manifestText);
    for (const folder of folders) await syncFolder(fileSystem, folder);
    await fileSystem.rm(target, { recursive: true, force: true });
    await fileSystem.rename(temporary, target);
    await pointCheckpoints({ directory, latest: step, ...(best === undefined ? {} : { best: best.step }), fileSystem });
  } catch (cause) {
    await fileSystem.rm(temporary, { recursive: true, force: true }).catch(() => undefined);
    throw new CheckpointError(await writeProblem(fileSystem, directory, cause), { where: target, cause });
  }
  if (keep !== undefined) await pruneCheckpoints({ directory, step, keep, fileSystem });
  return target;
}

/** Makes the pointers name these checkpoints; without a best one, its pointer goes. */
export async function pointCheckpoints(options: {
  directory: string;
  latest: number;
  best?: number;
  fileSystem?: FileSystem;
}): Promise<void> {
  const { directory, latest, best, fileSystem = nodeFileSystem } = options;
  await replaceFile(fileSystem, join(directory, 'latest'), `${folderName(latest)}\n`);
  if (best === undefined) await fileSystem.rm(join(directory, 'best'), { recursive: true, force: true });
  else if ((await readPointer(fileSystem, directory, 'best')) !== best) {
    await replaceFile(fileSystem, join(directory, 'best'), `${folderName(best)}\n`);
  }
  await syncFolder(fileSystem, directory);
}

/** True when the latest checkpoint is this one already, undamaged: a step done again after a resume needs no second write. */
async function isLatest(options: {
  directory: string;
  manifest: Manifest;
  manifestText: string;
  fileSystem: FileSystem;
}): Promise<boolean> {
  const { directory, manifest, manifestText, fileSystem } = options;
  const step = await readPointer(fileSystem, directory).catch(() => undefined);
  if (step !== manifest.step) return false;
  const path = join(directory, folderName(step));
  const read = (name: string) => fileSystem.readFile(join(path, name)).catch(() => undefined);
  const existing = await read(manifestName);
  if (existing === undefined || Buffer.from(existing).toString('utf8') !== manifestText) return false;
  for (const [name, { sha256: expected }] of Object.entries(manifest.files)) {
    const data = await read(name);
    if (data === undefined || sha256(data) !== expected) return false;
  }
  return true;
}

async function writeProblem(fileSystem: FileSystem, directory: string, cause: unknown): Promise<string> {
  const reason = hasCode(cause, 'ENOSPC', 'EDQUOT')
    ? 'the disk is full; free some space'
    : hasCode(cause, 'EROFS', 'EACCES', 'EPERM')
      ? 'the folder is read-only; make it writable'
      : `cannot be written (${cause instanceof Error ? cause.message : String(cause)})`;
  const previous = await readPointer(fileSystem, directory).catch(() => undefined);
  const intact =
    previous !== undefined &&
    (await readManifest(fileSystem, join(directory, folderName(previous))).catch(() => undefined)) !== undefined;
  return intact ? `${reason} and resume: ${folderName(previous)} is intact` : `${reason} and start again`;
}
