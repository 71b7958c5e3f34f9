import { isDgpoError, ModelError } from '@dgpo/trajectory';
import type { HubFile } from './fetch-blob.js';
import { isCommit } from './hub-cache.js';
import type { HubLibrary } from './import-hub.js';
import type { ModelName } from './model-name.js';

/** How to speak to the hub. */
export interface HubConnection {
  library: HubLibrary;
  /** Such as `https://huggingface.co`, without a slash at the end. */
  endpoint: string;
  token: string | undefined;
  fetch: typeof globalThis.fetch;
  signal: AbortSignal | undefined;
}

/** There is no network, or the hub does not work. */
export class UnreachableError extends Error {}

interface StatusError {
  statusCode: number;
}

const hasStatus = (error: unknown): error is StatusError =>
  typeof error === 'object' && error !== null && typeof (error as Partial<StatusError>).statusCode === 'number';

function statusMessage(statusCode: number, token: string | undefined): string {
  if (statusCode === 401 || statusCode === 403) {
    return token === undefined
      ? `the hub denies access (${statusCode}): there is no such model, or HF_TOKEN has to be set to an access token`
      : `the hub denies access (${statusCode}): the token may not read it; accept the terms on the page of the model first`;
  }
  if (statusCode === 404) return 'there is no such model, revision or file on the hub (404); check the name';
  if (statusCode === 429) return 'too many requests (429); wait a few minutes and run it again';
  return `the hub answered ${statusCode}; run it again later`;
}

/** Options of every call of the library. */
function common(name: ModelName, connection: HubConnection, signal = connection.signal) {
  const { endpoint, token, fetch } = connection;
  return {
    repo: { type: 'model' as const, name: name.repository },
    hubUrl: endpoint,
    ...(token === undefined ? {} : { accessToken: token }),
    fetch: ((input, init) => fetch(input, { ...init, ...(signal ? { signal } : {}) })) as typeof globalThis.fetch,
  };
}

async function asking<Result>(
  name: ModelName,
  connection: HubConnection,
  ask: () => Promise<Result>,
  signal = connection.signal,
): Promise<Result> {
  try {
    return await ask();
  } catch (cause) {
    signal?.throwIfAborted();
    if (isDgpoError(cause)) throw cause;
    const where = `${connection.endpoint}/${name.repository}`;
    // Passes by itself, often at once.
    if (hasStatus(cause) && cause.statusCode >= 500) {
      throw new UnreachableError(`${where} answers ${cause.statusCode}`, { cause });
    }
    if (hasStatus(cause)) throw new ModelError(statusMessage(cause.statusCode, connection.token), { where, cause });
    // What fetch throws without a network.
    if (cause instanceof TypeError && cause.message === 'fetch failed')
      throw new UnreachableError(`${where} cannot be reached`, { cause });
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ModelError(`the hub did not answer as expected: ${reason}`, { where, cause });
  }
}

/**
 * The commit that a revision is at.
 *
 * @throws ModelError when it does not exist or may not be read; UnreachableError without a network
 */
export function commitOnHub(name: ModelName, connection: HubConnection): Promise<string> {
  return asking(name, connection, async () => {
    const { repo, ...options } = common(name, connection);
    const info = await connection.library.modelInfo({
      ...options,
      name: repo.name,
      revision: name.revision,
      additionalFields: ['sha'],
    });
    if (!isCommit(info.sha)) throw new Error(`the commit ${JSON.stringify(info.sha)} is none`);
    return info.sha;
  });
}

/** The files of a commit, not of its folders; throws as {@link commitOnHub}. */
export function filesOnHub(name: ModelName, commit: string, connection: HubConnection): Promise<HubFile[]> {
  return asking(name, connection, async () => {
    const files: HubFile[] = [];
    for await (const entry of connection.library.listFiles({ ...common(name, connection), revision: commit })) {
      if (entry.type !== 'file') continue;
      const { path, lfs } = entry;
      const hash = lfs?.oid ?? entry.oid ?? '';
      if (!/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(hash)) throw new Error(`the hash of ${JSON.stringify(path)} is none`);
      files.push({ path, size: lfs?.size ?? entry.size, hash });
    }
    return files;
  });
}

/** The content of a file from a byte on. Plain HTTP, which can continue in the middle. Throws as {@link commitOnHub}. */
export async function readFromHub(options: {
  name: ModelName;
  commit: string;
  file: HubFile;
  start: number;
  connection: HubConnection;
  signal: AbortSignal;
}): Promise<AsyncIterable<Uint8Array>> {
  const { name, commit, file, start, connection, signal } = options;
  const fetchInfo = () =>
    connection.library.downloadFile({
      ...common(name, connection, signal),
      path: file.path,
      revision: commit,
      xet: false,
    });
  const blob = await asking(name, connection, fetchInfo, signal);
  if (blob === null) throw new ModelError(`${file.path} is not there any more`, { where: name.repository });
  if (blob.size !== file.size) {
    throw new ModelError(`${file.path} has ${blob.size} bytes, the hub announced ${file.size}; run it again later`, {
      where: name.repository,
    });
  }
  const content = start === 0 ? blob : blob.slice(start);
  return content.stream() as unknown as AsyncIterable<Uint8Array>;
}
