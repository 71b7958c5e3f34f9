import { mkdir, statfs } from 'node:fs/promises';
import { DatasetError, isDgpoError } from '@dgpo/trajectory';
import { type CatalogueEntry, type DownloadKind, findEntry } from './catalogue.js';
import { downloadFile, isComplete } from './download-file.js';
import { type Fetch, fileUrl, type HubConnection, type HubFile, listFiles } from './hub-client.js';
import { safePath } from './safe-path.js';

/** What a download will do, known before the first byte. */
export interface DownloadPlan {
  entry: CatalogueEntry;
  revision: string;
  directory: string;
  files: readonly HubFile[];
  /** Bytes of all files. */
  totalBytes: number;
  /** Bytes of files that are here already, complete and verified. */
  presentBytes: number;
}

export interface DownloadProgress {
  /** The file that is being received. */
  path: string;
  /** Bytes on the disk, of all files. */
  bytes: number;
  totalBytes: number;
}

/** Options of {@link download}. */
export interface DownloadOptions {
  kind: DownloadKind;
  /** A name of the catalogue or any `org/name` of the hub. */
  name: string;
  /** Where the files go; their folders are kept. Created when absent. */
  directory: string;
  /** Branch, tag or commit. @default 'main' */
  revision?: string;
  /** Only these files, by their paths in the repository. @default all that belong to the name */
  files?: readonly string[];
  /** More than this is refused before anything is fetched, in bytes. @default no limit */
  maxBytes?: number;
  /** @default HF_ENDPOINT, or https://huggingface.co */
  endpoint?: string;
  /** For private and gated repositories. Sent to the endpoint's host alone. @default HF_TOKEN */
  token?: string;
  /** @default globalThis.fetch */
  fetch?: Fetch;
  signal?: AbortSignal;
  /** Told the size before anything is fetched; `false` stops here. */
  onPlan?: (plan: DownloadPlan) => boolean | undefined | Promise<boolean | undefined>;
  onProgress?: (progress: DownloadProgress) => void;
  /** As in {@link downloadFile}. */
  retries?: number;
  retryDelay?: number;
  stallTimeout?: number;
}

/**
 * Downloads a corpus, data set or model from the Hugging Face hub: shows the size first, skips what is complete, continues what is
 * not, and verifies every file.
 *
 * @returns the plan, and whether it was carried out
 * @throws {ConfigError} for an unknown name
 * @throws {DatasetError} for everything that the server, the network or the disk refuses
 */
export async function download(options: DownloadOptions): Promise<{ plan: DownloadPlan; completed: boolean }> {
  const entry = findEntry(options.kind, options.name);
  const { directory, revision = 'main', maxBytes = Number.POSITIVE_INFINITY, onPlan, onProgress } = options;
  const connection: HubConnection = {
    endpoint: (options.endpoint ?? process.env.HF_ENDPOINT ?? 'https://huggingface.co').replace(/\/+$/, ''),
    token: options.token ?? (process.env.HF_TOKEN || undefined),
    fetch: options.fetch ?? globalThis.fetch,
    signal: options.signal,
  };
  const files = await chooseFiles(entry, revision, options.files, connection);
  const targets = files.map((file) => ({ file, target: safePath(directory, file.path) }));
  const present = new Set<string>();
  for (const { file, target } of targets) if (await isComplete(target, file)) present.add(file.path);
  const sum = (list: readonly HubFile[]) => list.reduce((bytes, file) => bytes + file.size, 0);
  const presentBytes = sum(files.filter((file) => present.has(file.path)));
  const plan: DownloadPlan = { entry, revision, directory, files, totalBytes: sum(files), presentBytes };
  if (plan.totalBytes > maxBytes) {
    throw new DatasetError(`has ${formatBytes(plan.totalBytes)}, more than the ${formatBytes(maxBytes)} allowed here`, {
      where: `${connection.endpoint}/${entry.repository}`,
    });
  }
  if ((await onPlan?.(plan)) === false) return { plan, completed: false };

  await mkdir(directory, { recursive: true });
  await checkSpace(directory, plan.totalBytes - presentBytes);
  let done = presentBytes;
  for (const { file, target } of targets) {
    if (present.has(file.path)) continue;
    await downloadFile({
      ...options,
      url: fileUrl(connection.endpoint, entry, revision, file.path),
      file,
      target,
      connection,
      onBytes: (bytes) => onProgress?.({ path: file.path, bytes: done + bytes, totalBytes: plan.totalBytes }),
    });
    done += file.size;
  }
  return { plan, completed: true };
}

async function chooseFiles(
  entry: CatalogueEntry,
  revision: string,
  wanted: readonly string[] | undefined,
  connection: HubConnection,
): Promise<HubFile[]> {
  const where = `${connection.endpoint}/${entry.repository}`;
  let all: HubFile[];
  try {
    all = await listFiles(entry, revision, connection);
  } catch (cause) {
    if (isDgpoError(cause)) throw cause;
    connection.signal?.throwIfAborted();
    throw new DatasetError('cannot be reached; is there a network? (HF_ENDPOINT names another hub)', { where, cause });
  }
  if (wanted !== undefined) {
    return wanted.map((path) => {
      const file = all.find((candidate) => candidate.path === path);
      if (file === undefined) throw new DatasetError(`has no file ${path}`, { where });
      return file;
    });
  }
  const { prefixes } = entry;
  const files = all.filter((file) => prefixes === undefined || prefixes.some((prefix) => file.path.startsWith(prefix)));
  if (files.length === 0) throw new DatasetError('has no files for this name', { where });
  return files;
}

async function checkSpace(directory: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(directory);
  if (bavail * bsize >= bytes) return;
  const missing = formatBytes(bytes - bavail * bsize);
  throw new DatasetError(`needs ${formatBytes(bytes)}, ${missing} more than this disk has free`, { where: directory });
}

/** Such as `5.1 GB` (powers of 1000). */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** power;
  return `${power === 0 ? value : value.toFixed(1)} ${units[power]}`;
}
