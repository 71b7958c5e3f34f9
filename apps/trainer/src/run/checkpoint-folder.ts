import { join } from 'node:path';
import { CheckpointError } from '@dgpo/trajectory';
import { z } from 'zod';
import { type FileSystem, hasCode } from './file-system.js';

/** Format of the checkpoints that are written; others are refused. */
export const checkpointVersion = 2;

export const manifestName = 'manifest.json';

const manifestSchema = z.object({
  version: z.literal(checkpointVersion),
  step: z.int().min(0),
  config: z.unknown().optional(),
  best: z.object({ step: z.int().min(0), metric: z.number() }).optional(),
  files: z.record(z.string(), z.object({ bytes: z.int().min(0), sha256: z.string() })),
});

/** What a checkpoint says about itself. */
export type Manifest = z.output<typeof manifestSchema>;

/** The update with the best metric so far, and that metric. */
export type BestStep = NonNullable<Manifest['best']>;

/** Text files beside the checkpoints, each with the name of one. */
export type PointerName = 'latest' | 'best';

export const folderName = (step: number) => `checkpoint-${step}`;

/** The steps of the finished checkpoints among names of folders, the newest first. */
export const stepsOf = (names: readonly string[]) =>
  names
    .flatMap((name) => {
      const step = /^checkpoint-(\d+)$/.exec(name)?.[1];
      return step === undefined ? [] : [Number(step)];
    })
    .sort((a, b) => b - a);

export function isSafeName(name: string): boolean {
  const parts = name.split('/');
  return (
    name !== manifestName && !name.includes('\\') && parts.every((part) => part !== '' && part !== '.' && part !== '..')
  );
}

/** The step that a pointer names, undefined where there is no pointer. */
export async function readPointer(
  fileSystem: FileSystem,
  directory: string,
  name: PointerName = 'latest',
): Promise<number | undefined> {
  try {
    const text = Buffer.from(await fileSystem.readFile(join(directory, name))).toString('utf8');
    return stepsOf([text.trim()])[0];
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}

/** @throws CheckpointError when there is none in the folder, it is damaged, or it is of another version */
export async function readManifest(fileSystem: FileSystem, path: string): Promise<Manifest> {
  let data: Uint8Array;
  try {
    data = await fileSystem.readFile(join(path, manifestName));
  } catch (cause) {
    throw new CheckpointError('there is no checkpoint here', { where: path, cause });
  }
  try {
    const content: unknown = JSON.parse(Buffer.from(data).toString('utf8'));
    const version = typeof content === 'object' && content !== null && 'version' in content && content.version;
    if (typeof version === 'number' && version !== checkpointVersion) throw new OtherVersionError(version, path);
    const manifest = manifestSchema.parse(content);
    if (!Object.keys(manifest.files).every(isSafeName)) throw new Error('a file name leaves the folder');
    return manifest;
  } catch (cause) {
    if (cause instanceof OtherVersionError) throw cause;
    throw new CheckpointError(`${manifestName} is damaged`, { where: path, cause });
  }
}

/** No damage, so no reason to take another one. */
export class OtherVersionError extends CheckpointError {
  constructor(version: number, path: string) {
    super(
      `is of format ${version}, and this version of dgpo reads format ${checkpointVersion}; resume with the version that wrote it, or choose a new output folder`,
      { where: path },
    );
  }
}
