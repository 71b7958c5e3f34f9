import * as node from 'node:fs/promises';

/** What the run directory needs of a file system; tests pass one that fails. */
export interface FileSystem {
  mkdir(path: string, options: { recursive: true }): Promise<unknown>;
  open(path: string, flags: string): Promise<OpenFile>;
  readFile(path: string): Promise<Uint8Array>;
  readdir(path: string): Promise<string[]>;
  rename(from: string, to: string): Promise<void>;
  rm(path: string, options: { recursive: true; force: true }): Promise<void>;
}

interface OpenFile {
  writeFile(data: Uint8Array | string): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** The real file system. */
export const nodeFileSystem: FileSystem = {
  mkdir: node.mkdir,
  open: node.open,
  readFile: node.readFile,
  readdir: (path) => node.readdir(path),
  rename: node.rename,
  rm: node.rm,
};

/** True for a file-system error with this code, such as `ENOENT`. */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}

/** Writes a file, its pieces one after the other, and waits until it is on the disk. */
export async function writeDurably(
  fileSystem: FileSystem,
  path: string,
  ...pieces: readonly (Uint8Array | string)[]
): Promise<void> {
  const file = await fileSystem.open(path, 'w');
  try {
    for (const piece of pieces) await file.writeFile(piece);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes renames and new files inside a folder survive a power cut; systems that cannot sync a folder are left alone. */
export async function syncFolder(fileSystem: FileSystem, path: string): Promise<void> {
  try {
    const folder = await fileSystem.open(path, 'r');
    await folder.sync().finally(() => folder.close());
  } catch (error) {
    if (!hasCode(error, 'EISDIR', 'EPERM', 'EINVAL', 'ENOTSUP', 'EACCES', 'EBADF')) throw error;
  }
}

/** Replaces a small file so that a reader sees the old or the new content, never half of it. */
export async function replaceFile(fileSystem: FileSystem, path: string, data: string): Promise<void> {
  await writeDurably(fileSystem, `${path}.tmp`, data);
  await fileSystem.rename(`${path}.tmp`, path);
}
