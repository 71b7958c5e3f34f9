import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DatasetError, isDgpoError } from '@dgpo/trajectory';
import { hasCode } from '../run/file-system.js';
import { type HubConnection, type HubFile, hubGet, statusError } from './hub-client.js';

/** Options of {@link downloadFile}. */
export interface DownloadFileOptions {
  url: string;
  file: HubFile;
  /** Where the file goes. What is there so far lies beside it, ending in `.part`. */
  target: string;
  connection: HubConnection;
  /** Told how many bytes of this file are on the disk. */
  onBytes?: (bytes: number) => void;
  /** Attempts after the first when the connection breaks. @default 5 */
  retries?: number;
  /** Milliseconds before the first retry; doubled each time. @default 1000 */
  retryDelay?: number;
  /** Milliseconds without a byte after which the connection counts as broken. @default 60000 */
  stallTimeout?: number;
}

/** True when the file on the disk has the size and the hash that the hub names. */
export async function isComplete(path: string, file: HubFile): Promise<boolean> {
  const size = await sizeOf(path);
  return size === file.size && (await hashMatches(path, file));
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return -1;
    throw error;
  }
}

async function hashMatches(path: string, file: HubFile): Promise<boolean> {
  const expected = file.sha256 ?? file.gitOid;
  if (expected === undefined) return true;
  const hash = createHash(file.sha256 === undefined ? 'sha1' : 'sha256');
  if (file.sha256 === undefined) hash.update(`blob ${file.size}\0`);
  for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
  return hash.digest('hex') === expected;
}

/**
 * Downloads one file: continues a `.part` file with a Range request, tries again when the connection breaks, checks size and hash,
 * then renames. The `.part` name carries the hash, so parts of different versions never mix.
 *
 * @throws {DatasetError} when the server refuses, the connection keeps breaking, the disk is full, or the content is not what the
 *   hub announced
 */
export async function downloadFile(options: DownloadFileOptions): Promise<void> {
  const { file, target, url, connection, retries = 5, retryDelay = 1000 } = options;
  const part = `${target}.${(file.sha256 ?? file.gitOid ?? String(file.size)).slice(0, 12)}.part`;
  await mkdir(dirname(target), { recursive: true });
  for (let attempt = 0; (await sizeOf(part)) !== file.size; attempt++) {
    try {
      await continuePart(part, options);
    } catch (cause) {
      if (isDgpoError(cause)) throw cause;
      connection.signal?.throwIfAborted();
      if (hasCode(cause, 'ENOSPC', 'EDQUOT')) {
        throw new DatasetError('the disk is full; free some space and run it again, it will continue', {
          where: target,
          cause,
        });
      }
      if (attempt >= retries) {
        const reason = cause instanceof Error ? cause.message : String(cause);
        throw new DatasetError(`the connection broke (${reason}); run it again, it will continue`, {
          where: url,
          cause,
        });
      }
      await sleep(retryDelay * 2 ** attempt, undefined, connection.signal ? { signal: connection.signal } : {});
    }
  }
  if (!(await hashMatches(part, file))) {
    await rm(part, { force: true });
    throw new DatasetError('what arrived is damaged (its hash differs); run it again', { where: url });
  }
  await rename(part, target);
}

/** One connection: appends to the part file until the server is done. Throws a plain error when trying again makes sense. */
async function continuePart(part: string, options: DownloadFileOptions): Promise<void> {
  const { url, file, connection, onBytes, stallTimeout = 60_000 } = options;
  const present = await sizeOf(part);
  const start = present > 0 && present < file.size ? present : 0;
  const stalled = new AbortController();
  const watch = () => setTimeout(() => stalled.abort(new Error(`no data for ${stallTimeout / 1000} s`)), stallTimeout);
  let timer = watch();
  const signal = connection.signal ? AbortSignal.any([connection.signal, stalled.signal]) : stalled.signal;
  try {
    const headers = { 'accept-encoding': 'identity', ...(start > 0 ? { range: `bytes=${start}-` } : {}) };
    const response = await hubGet(url, connection, { headers, signal });
    if (response.status === 416) {
      await rm(part, { force: true });
      throw new Error('the server has no such range');
    }
    if (response.status >= 500) throw new Error(`the server answered ${response.status}`);
    if (!response.ok) throw statusError(response, url, connection);
    const continues = response.status === 206 && response.headers.get('content-range')?.startsWith(`bytes ${start}-`);
    const output = await open(part, continues ? 'a' : 'w');
    let bytes = continues ? start : 0;
    try {
      for await (const chunk of response.body ?? []) {
        clearTimeout(timer);
        timer = watch();
        bytes += chunk.byteLength;
        if (bytes > file.size) throw new DatasetError('the server sends more than it announced', { where: url });
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
