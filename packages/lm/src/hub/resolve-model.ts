import { existsSync } from 'node:fs';
import { ModelError } from '@dgpo/trajectory';
import { fetchBlob } from './fetch-blob.js';
import { defaultCacheDirectory, isCommit, type ModelCache, modelCache } from './hub-cache.js';
import { commitOnHub, filesOnHub, type HubConnection, readFromHub, UnreachableError } from './hub-client.js';
import { importHub } from './import-hub.js';
import { type ModelName, parseModelName } from './model-name.js';
import { isComplete, neededFiles } from './needed-files.js';

/** Options of {@link resolveModel}. */
export interface ResolveModelOptions {
  /** A folder, a file, or `org/name` or `org/name@revision` on the hub. */
  model: string;
  /** @default HF_HUB_CACHE, else `hub` in HF_HOME, else ~/.cache/huggingface/hub */
  cacheDirectory?: string;
  /** @default HF_ENDPOINT, else https://huggingface.co */
  endpoint?: string;
  /** Access token of the hub. @default HF_TOKEN */
  token?: string;
  /** Take what is in the cache and ask nobody. @default HF_HUB_OFFLINE is 1, true, yes or on */
  offline?: boolean;
  /** @default the global one */
  fetch?: typeof globalThis.fetch;
  signal?: AbortSignal;
  /** Told how much of all files is on the disk. */
  onProgress?: (progress: { path: string; bytes: number; totalBytes: number }) => void;
  /** Attempts after the first when a connection breaks. @default 5 */
  retries?: number;
  /** Milliseconds before the first of them; doubled each time. @default 1000 */
  retryDelay?: number;
  /** Milliseconds without a byte after which a connection counts as broken. @default 60000 */
  stallTimeout?: number;
}

const isOn = (value: string | undefined) => /^(1|true|yes|on)$/i.test(value ?? '');

/** A snapshot in the cache that holds everything. */
async function cached(name: ModelName, cache: ModelCache): Promise<string | undefined> {
  const commit = await cache.commitOf(name.revision);
  if (commit === undefined) return undefined;
  const directory = cache.snapshot(commit);
  return (await isComplete(directory)) ? directory : undefined;
}

function absent(options: { why: string; name: ModelName; cache: ModelCache; cause?: unknown }): ModelError {
  const { why, name, cache, cause } = options;
  return new ModelError(
    `${why}, and ${name.repository} at ${name.revision} is not in the cache; give the path of a folder with its config.json, tokenizer.json and model.safetensors, or copy ${cache.directory} from a machine that has it`,
    { where: name.repository, cause },
  );
}

async function download(name: ModelName, cache: ModelCache, options: ResolveModelOptions): Promise<string> {
  const { signal, onProgress, retries = 5, retryDelay = 1000, stallTimeout = 60_000 } = options;
  const connection: HubConnection = {
    library: await importHub(name.repository),
    endpoint: (options.endpoint ?? (process.env.HF_ENDPOINT || 'https://huggingface.co')).replace(/\/+$/, ''),
    token: options.token ?? (process.env.HF_TOKEN || undefined),
    fetch: options.fetch ?? globalThis.fetch,
    signal,
  };
  const commit = await commitOnHub(name, connection);
  const files = neededFiles(await filesOnHub(name, commit, connection));
  for (const [what, wanted] of [
    ['config.json', /^config\.json$/],
    ['weights in safetensors files', /\.safetensors$/],
  ] as const) {
    if (files.some(({ path }) => wanted.test(path))) continue;
    throw new ModelError(`has no ${what}; choose another model or revision, or convert it and give its folder`, {
      where: `${connection.endpoint}/${name.repository}`,
    });
  }
  const totalBytes = files.reduce((total, { size }) => total + size, 0);
  let done = 0;
  for (const file of files) {
    const target = cache.blob(file.hash);
    const before = done;
    if (!existsSync(target)) {
      await fetchBlob({
        ...{ file, target, signal, retries, retryDelay, stallTimeout },
        read: (part) => readFromHub({ name, commit, file, connection, ...part }),
        onBytes: (bytes) => onProgress?.({ path: file.path, bytes: before + bytes, totalBytes }),
      });
    }
    await cache.link({ hash: file.hash, commit, name: file.path });
    done += file.size;
  }
  await cache.saveCommit(name.revision, commit);
  return cache.snapshot(commit);
}

/**
 * The folder of a model. A folder or file that exists is returned as it is; `org/name@revision` comes from the cache of Hugging Face's
 * libraries, which is filled through the optional peer `@huggingface/hub` with the files that are missing: configuration, tokenizer and
 * safetensors. What was interrupted continues; every file is checked against its hash. Without a network, the cache has to do.
 *
 * @returns path of the folder, or of the file that was given
 * @throws ModelError for a name that is none, a model that is not there or not open to this token, an installation without
 *   `@huggingface/hub`, a connection that keeps breaking, damaged content, and offline for a model that is not in the cache
 */
export async function resolveModel(options: ResolveModelOptions): Promise<string> {
  const { model, offline = isOn(process.env.HF_HUB_OFFLINE) } = options;
  if (existsSync(model)) return model;
  const name = parseModelName(model);
  const cache = modelCache(options.cacheDirectory ?? defaultCacheDirectory(), name);
  if (offline || isCommit(name.revision)) {
    const directory = await cached(name, cache);
    // What a commit holds never changes.
    if (directory !== undefined) return directory;
  }
  if (offline) {
    throw absent({ why: 'the hub may not be asked (HF_HUB_OFFLINE or the option offline)', name, cache });
  }
  try {
    return await download(name, cache, options);
  } catch (cause) {
    if (!(cause instanceof UnreachableError)) throw cause;
    const directory = await cached(name, cache);
    if (directory !== undefined) return directory;
    throw absent({ why: cause.message, name, cache, cause });
  }
}
