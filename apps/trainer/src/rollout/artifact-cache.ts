import { copyFile, mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ModelError } from '@dgpo/trajectory';
import { safePath } from '../hub/safe-path.js';
import { hasCode } from '../run/file-system.js';
import type { ArtifactClient } from './artifact-client.js';
import { type Blob, type Manifest, manifestSchema } from './wire-job.js';

/** Options of {@link createArtifactCache}. */
export interface ArtifactCacheOptions {
  client: ArtifactClient;
  /** Processes of one machine may share it. */
  directory: string;
  /** Folders with more bytes are refused. @default 17179869184 */
  maxFolderBytes?: number;
  /** Folders that stay on the disk, those used last. @default 16 */
  keepFolders?: number;
}

/** Folders and weights of the trainer, each fetched once. */
export interface ArtifactCache {
  /**
   * Where the files of a manifest lie.
   * @throws ModelError, DatasetError when what arrives is damaged, too large, or would leave the cache
   */
  folder(manifest: Blob): Promise<string>;
  /** Bytes in memory; the last two are kept. */
  bytes(blob: Blob): Promise<Uint8Array>;
}

/** A manifest may not be longer. */
const maxManifestBytes = 1 << 26;
const keptBlobs = 2;

export function createArtifactCache(options: ArtifactCacheOptions): ArtifactCache {
  const { client, directory, maxFolderBytes = 2 ** 34, keepFolders = 16 } = options;
  const folders = new Map<string, Promise<string>>();
  const blobs = new Map<string, Promise<Uint8Array>>();
  let parts = 0;

  const fetchBytes = async (blob: Blob): Promise<Uint8Array> => {
    let buffer: Uint8Array = new Uint8Array(0);
    let offset = 0;
    await client.artifact(
      blob,
      (piece) => {
        buffer.set(piece, offset);
        offset += piece.length;
      },
      () => {
        // Shared, so that the threads of this process copy from it into their heaps.
        if (buffer.length === 0) buffer = new Uint8Array(new SharedArrayBuffer(blob.bytes));
        offset = 0;
      },
    );
    return buffer;
  };
  const fetchFile = async (blob: Blob, target: string): Promise<void> => {
    const part = `${target}.${process.pid}-${parts++}.part`;
    await mkdir(dirname(target), { recursive: true });
    const file = await open(part, 'wx');
    try {
      let offset = 0;
      await client.artifact(
        blob,
        async (piece) => {
          await file.write(piece, 0, piece.length, offset);
          offset += piece.length;
        },
        () => {
          offset = 0;
        },
      );
      await file.close();
      await rename(part, target);
    } catch (error) {
      await file.close().catch(() => undefined);
      await rm(part, { force: true });
      throw error;
    }
  };
  const fetchFolder = async (blob: Blob): Promise<string> => {
    const target = join(directory, blob.sha256);
    if (await exists(target)) return target;
    if (blob.bytes > maxManifestBytes)
      throw new ModelError(`the list of files has ${blob.bytes} bytes`, { where: blob.sha256 });
    const manifest = parseManifest(await fetchBytes(blob), blob);
    const total = manifest.files.reduce((sum, { bytes }) => sum + bytes, 0);
    if (total > maxFolderBytes) {
      throw new ModelError(`has ${total} bytes, more than the ${maxFolderBytes} that this worker takes`, {
        where: `folder ${blob.sha256}`,
      });
    }
    // Every name is looked at before the first file is fetched.
    const making = `${target}.${process.pid}-${parts++}.part`;
    const files = manifest.files.map(({ path, ...file }) => ({ file, path: safePath(making, path) }));
    try {
      await mkdir(making, { recursive: true });
      const fetched = new Map<string, string>();
      for (const { file, path } of files) {
        const same = fetched.get(file.sha256);
        await mkdir(dirname(path), { recursive: true });
        if (same === undefined) await fetchFile(file, path);
        else await copyFile(same, path);
        fetched.set(file.sha256, path);
      }
      await rename(making, target);
    } catch (error) {
      await rm(making, { recursive: true, force: true });
      // Another process of this machine was faster.
      if (!hasCode(error, 'ENOTEMPTY', 'EEXIST')) throw error;
    }
    await forgetFolders(directory, keepFolders, new Set(folders.keys()));
    return target;
  };

  return {
    folder: async (blob) => {
      const fetching = folders.get(blob.sha256);
      // Another process may have made room.
      const known = fetching !== undefined && (await exists(await fetching)) ? fetching : fetchFolder(blob);
      folders.set(blob.sha256, known);
      known.catch(() => folders.delete(blob.sha256));
      const path = await known;
      // Used now: the last to go.
      await utimes(path, new Date(), new Date());
      return path;
    },
    bytes: (blob) => {
      const known = blobs.get(blob.sha256) ?? fetchBytes(blob);
      blobs.delete(blob.sha256);
      blobs.set(blob.sha256, known);
      known.catch(() => blobs.delete(blob.sha256));
      for (const key of [...blobs.keys()].slice(0, -keptBlobs)) blobs.delete(key);
      return known;
    },
  };
}

async function exists(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false;
    throw error;
  }
}

function parseManifest(bytes: Uint8Array, { sha256 }: Blob): Manifest {
  try {
    return manifestSchema.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
  } catch (cause) {
    throw new ModelError('is no list of files', { where: `folder ${sha256}`, cause });
  }
}

/** Deletes the folders that were used longest ago, except those of this process. */
async function forgetFolders(directory: string, keep: number, used: ReadonlySet<string>): Promise<void> {
  const names = (await readdir(directory)).filter((name) => /^[0-9a-f]{64}$/.test(name));
  const dated = await Promise.all(
    names.map(async (name) => ({ name, at: (await stat(join(directory, name)).catch(() => undefined))?.mtimeMs ?? 0 })),
  );
  dated.sort((a, b) => b.at - a.at);
  for (const { name } of dated.slice(keep)) {
    if (!used.has(name)) await rm(join(directory, name), { recursive: true, force: true });
  }
}
