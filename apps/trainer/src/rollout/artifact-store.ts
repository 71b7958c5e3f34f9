import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { DatasetError } from '@dgpo/trajectory';
import { hashFile, sha256 } from '../run/stable-hash.js';
import type { Blob, Manifest } from './wire-job.js';

/** What the trainer hands out: bytes in memory, one part after the other, or a file. */
type Artifact = { bytes: number } & ({ parts: readonly Uint8Array[] } | { path: string });

/** Everything that workers may fetch, by the SHA-256 of its bytes. */
export interface ArtifactStore {
  /** Keeps bytes until as many calls of `remove` have come. */
  add(parts: readonly Uint8Array[]): Promise<Blob>;
  remove(blob: Blob): void;
  /**
   * The files of a folder and of those below it, by a manifest; a folder is read once.
   *
   * @throws DatasetError when there are no such files
   */
  folder(directory: string, wanted: (name: string) => boolean): Promise<Blob>;
  find(sha256: string): { bytes: number; read: () => AsyncIterable<Uint8Array> } | undefined;
}

/** Bytes that are hashed or sent at once. */
const pieceBytes = 1 << 22;

function* piecesOf(parts: readonly Uint8Array[]): Generator<Uint8Array> {
  for (const part of parts) {
    for (let start = 0; start < part.length; start += pieceBytes) yield part.subarray(start, start + pieceBytes);
  }
}

async function hashParts(parts: readonly Uint8Array[]): Promise<Blob> {
  const hash = createHash('sha256');
  let bytes = 0;
  for (const piece of piecesOf(parts)) {
    hash.update(piece);
    bytes += piece.length;
    // Weights are large: requests are answered in between.
    await nextTurn();
  }
  return { sha256: hash.digest('hex'), bytes };
}

/** Paths of the files below a folder, with slashes, sorted; links are followed. */
async function filesBelow(directory: string, wanted: (name: string) => boolean, prefix = ''): Promise<string[]> {
  const files: string[] = [];
  for (const name of (await readdir(join(directory, prefix))).sort()) {
    const path = prefix === '' ? name : `${prefix}/${name}`;
    if ((await stat(join(directory, path))).isDirectory()) {
      files.push(...(await filesBelow(directory, wanted, path)));
    } else if (wanted(path)) files.push(path);
  }
  return files;
}

export function createArtifactStore(): ArtifactStore {
  const artifacts = new Map<string, Artifact & { users: number }>();
  const folders = new Map<string, Promise<Blob>>();
  const put = (blob: Blob, artifact: Artifact) => {
    const users = (artifacts.get(blob.sha256)?.users ?? 0) + 1;
    artifacts.set(blob.sha256, { ...artifact, users });
    return blob;
  };
  const add = async (parts: readonly Uint8Array[]) => {
    const blob = await hashParts(parts);
    return put(blob, { bytes: blob.bytes, parts });
  };
  const readFolder = async (directory: string, wanted: (name: string) => boolean): Promise<Blob> => {
    const files: Manifest['files'] = [];
    for (const path of await filesBelow(directory, wanted)) {
      const full = join(directory, path);
      const { size } = await stat(full);
      files.push({ path, sha256: await hashFile(full), bytes: size });
    }
    if (files.length === 0) throw new DatasetError('holds no file that workers need', { where: directory });
    for (const { path, ...blob } of files) put(blob, { bytes: blob.bytes, path: join(directory, path) });
    const manifest = Buffer.from(JSON.stringify({ files } satisfies Manifest));
    return put({ sha256: sha256(manifest), bytes: manifest.length }, { bytes: manifest.length, parts: [manifest] });
  };
  return {
    add,
    remove: ({ sha256: key }) => {
      const artifact = artifacts.get(key);
      if (artifact === undefined) return;
      artifact.users -= 1;
      if (artifact.users === 0) artifacts.delete(key);
    },
    folder: (directory, wanted) => {
      const key = `${wanted}\0${directory}`;
      const known = folders.get(key) ?? readFolder(directory, wanted);
      folders.set(key, known);
      // A folder that could not be read may be mended.
      known.catch(() => folders.delete(key));
      return known;
    },
    find: (key) => {
      const artifact = artifacts.get(key);
      if (artifact === undefined) return undefined;
      return {
        bytes: artifact.bytes,
        read: () =>
          'path' in artifact
            ? (createReadStream(artifact.path, { highWaterMark: 1 << 20 }) as AsyncIterable<Uint8Array>)
            : (async function* () {
                yield* piecesOf(artifact.parts);
              })(),
      };
    },
  };
}
