import { DatasetError } from '@dgpo/trajectory';
import { z } from 'zod';
import type { CatalogueEntry } from './catalogue.js';

export type Fetch = typeof globalThis.fetch;

/** How to speak to the hub. */
export interface HubConnection {
  /** Such as `https://huggingface.co`, without a slash at the end. */
  endpoint: string;
  /** Sent to the endpoint's origin and nowhere else; it appears in no message. */
  token: string | undefined;
  fetch: Fetch;
  signal: AbortSignal | undefined;
}

/** A file of a repository. */
export interface HubFile {
  path: string;
  /** Bytes. */
  size: number;
  /** Of the content, for files in large-file storage. */
  sha256?: string;
  /** SHA-1 of `blob <size>\0<content>`, for the others. */
  gitOid?: string;
}

const treeSchema = z.array(
  z.object({
    type: z.string(),
    path: z.string(),
    size: z.number().min(0).optional(),
    oid: z.string().optional(),
    lfs: z.object({ oid: z.string(), size: z.number() }).optional(),
  }),
);

const maxRedirects = 10;
const maxPages = 1000;

const encodePath = (path: string) => path.split('/').map(encodeURIComponent).join('/');

/** Address of a file's content. */
export function fileUrl(endpoint: string, entry: CatalogueEntry, revision: string, path: string): string {
  const prefix = entry.repositoryType === 'dataset' ? 'datasets/' : '';
  return `${endpoint}/${prefix}${entry.repository}/resolve/${encodeURIComponent(revision)}/${encodePath(path)}`;
}

/**
 * GET that follows redirects itself, so that the token goes to the endpoint's origin alone (the hub sends large files from
 * another host).
 *
 * @throws {DatasetError} for a redirect from https to http, too many of them, or a network that does not answer
 */
export async function hubGet(
  url: string,
  connection: HubConnection,
  options: { headers?: Readonly<Record<string, string>>; signal?: AbortSignal } = {},
): Promise<Response> {
  let target = new URL(url);
  for (let redirects = 0; redirects <= maxRedirects; redirects++) {
    const trusted = target.origin === new URL(connection.endpoint).origin;
    const authorization = trusted && connection.token ? { authorization: `Bearer ${connection.token}` } : {};
    const signal = options.signal ?? connection.signal;
    const response = await connection.fetch(target, {
      headers: { 'user-agent': 'dgpo', ...options.headers, ...authorization },
      redirect: 'manual',
      ...(signal === undefined ? {} : { signal }),
    });
    const location = response.headers.get('location');
    if (response.status < 300 || response.status >= 400 || location === null) return response;
    await response.body?.cancel();
    const next = new URL(location, target);
    if (target.protocol === 'https:' && next.protocol !== 'https:') {
      throw new DatasetError('the server redirects from https to an unprotected address', { where: url });
    }
    target = next;
  }
  throw new DatasetError('the server redirects in circles', { where: url });
}

/** A DatasetError for an answer that is not a success. */
export function statusError(response: Response, url: string, connection: HubConnection): DatasetError {
  const { status } = response;
  if (status === 401 || status === 403) {
    const advice =
      connection.token === undefined
        ? 'set HF_TOKEN to an access token'
        : 'the token in HF_TOKEN may not read it; accept its terms on its page first';
    return new DatasetError(`access denied (${status}); ${advice}`, { where: url });
  }
  if (status === 404) return new DatasetError('there is no such repository, revision or file (404)', { where: url });
  if (status === 429)
    return new DatasetError('too many requests (429); wait a few minutes and run it again', { where: url });
  return new DatasetError(`the server answered ${status}; run it again later`, { where: url });
}

/**
 * Lists the files of a repository (all pages).
 *
 * @throws {DatasetError} when it does not exist, is not open to this token, or the answer is not a listing
 */
export async function listFiles(
  entry: CatalogueEntry,
  revision: string,
  connection: HubConnection,
): Promise<HubFile[]> {
  const type = entry.repositoryType === 'dataset' ? 'datasets' : 'models';
  const first = `${connection.endpoint}/api/${type}/${entry.repository}/tree/${encodeURIComponent(revision)}?recursive=true`;
  const files: HubFile[] = [];
  let next: string | undefined = first;
  for (let page = 0; next !== undefined && page < maxPages; page++) {
    const response: Response = await hubGet(next, connection);
    if (!response.ok) throw statusError(response, first, connection);
    const parsed = treeSchema.safeParse(await response.json().catch(() => undefined));
    if (!parsed.success) throw new DatasetError('the server did not answer with a list of files', { where: first });
    for (const item of parsed.data) {
      if (item.type !== 'file') continue;
      const check = item.lfs ? { sha256: item.lfs.oid } : item.oid === undefined ? {} : { gitOid: item.oid };
      files.push({ path: item.path, size: item.lfs?.size ?? item.size ?? 0, ...check });
    }
    const link = /<([^>]+)>\s*;\s*rel="next"/.exec(response.headers.get('link') ?? '')?.[1];
    next = link === undefined ? undefined : new URL(link, next).href;
  }
  return files;
}
