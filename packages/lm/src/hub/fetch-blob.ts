import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDgpoError, ModelError } from '@dgpo/trajectory';

/** A file of a repository, with what its content has to be. */
export interface HubFile {
  path: string;
  /** Bytes. */
  size: number;
  /** SHA-256 of the content for large files, SHA-1 of git (`blob <size>\0<content>`) for the others. */
  hash: string;
}

export interface FetchBlobOptions {
  file: HubFile;
  /** Where the content goes; until it is complete, it lies beside it and ends in `.incomplete`. */
  target: string;
  /** The content from a byte on. */
  read: (options: { start: number; signal: AbortSignal }) => Promise<AsyncIterable<Uint8Array>>;
  signal?: AbortSignal | undefined;
  /** Told how many bytes are on the disk. */
  onBytes?: (bytes: number) => void;
  /** Attempts after the first when the connection breaks. */
  retries: number;
  /** Milliseconds before the first of them; doubled each time. */
  retryDelay: number;
  /** Milliseconds without a byte after which a connection counts as broken. */
  stallTimeout: number;
}

const sizeOf = (path: string): Promise<number> =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  );

async function hashOf(path: string, { hash, size }: HubFile): Promise<string> {
  const isGit = hash.length === 40;
  const digest = createHash(isGit ? 'sha1' : 'sha256');
  if (isGit) digest.update(`blob ${size}\0`);
  for await (const chunk of createReadStream(path)) digest.update(chunk as Uint8Array);
  return digest.digest('hex');
}

/** One connection: appends what arrives. Throws a plain error where trying again makes sense. */
async function append(part: string, start: number, options: FetchBlobOptions): Promise<void> {
  const { file, read, onBytes, stallTimeout } = options;
  const stalled = new AbortController();
  const watch = () => setTimeout(() => stalled.abort(new Error(`no data for ${stallTimeout / 1000} s`)), stallTimeout);
  const signal = options.signal ? AbortSignal.any([options.signal, stalled.signal]) : stalled.signal;
  let timer = watch();
  try {
    const content = await read({ start, signal });
    const output = await open(part, start > 0 ? 'a' : 'w');
    let bytes = start;
    try {
      for await (const chunk of content) {
        clearTimeout(timer);
        timer = watch();
        bytes += chunk.byteLength;
        // Also what a server sends that ignores the start.
        if (bytes > file.size) {
          await output.truncate(0);
          throw new Error('the server sends more than it announced');
        }
        await output.writeFile(chunk);
        onBytes?.(bytes);
      }
    } finally {
      await output.close();
    }
    if (bytes < file.size) throw new Error(`it ended after ${bytes} of ${file.size} bytes`);
  } finally {
    clearTimeout(timer);
  }
}

function failure(cause: unknown, options: FetchBlobOptions): ModelError {
  const { file, target } = options;
  const { code } = cause as { code?: unknown };
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new ModelError('the disk is full; free some space and run it again, it will continue', {
      where: target,
      cause,
    });
  }
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new ModelError(`the connection broke (${reason}); run it again, it will continue`, {
    where: file.path,
    cause,
  });
}

/**
 * Fetches one file: continues where an earlier attempt ended, tries again when the connection breaks, checks size and hash, renames.
 *
 * @throws ModelError when the connection keeps breaking, the disk is full, or the content is not what the hub announced
 */
export async function fetchBlob(options: FetchBlobOptions): Promise<void> {
  const { file, target, signal, retries, retryDelay } = options;
  const part = `${target}.incomplete`;
  await mkdir(dirname(target), { recursive: true });
  for (let attempt = 0; ; attempt++) {
    const present = await sizeOf(part);
    if (present === file.size && present > 0) break;
    try {
      await append(part, present < file.size ? present : 0, options);
      break;
    } catch (cause) {
      signal?.throwIfAborted();
      if (isDgpoError(cause)) throw cause;
      if (attempt >= retries || (cause as { code?: unknown }).code === 'ENOSPC') throw failure(cause, options);
      await sleep(retryDelay * 2 ** attempt, undefined, signal ? { signal } : {});
    }
  }
  if ((await hashOf(part, file)) !== file.hash) {
    await rm(part, { force: true });
    throw new ModelError('what arrived is damaged: its hash is not the one that the hub names; run it again', {
      where: file.path,
    });
  }
  await rename(part, target);
}
