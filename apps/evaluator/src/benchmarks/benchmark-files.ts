import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { BenchmarkName } from '@dgpo/envs/benchmarks';
import { download } from '@dgpo/trainer';
import { ConfigError, DatasetError, isDgpoError } from '@dgpo/trajectory';

/** Where the sets of questions lie on the hub, and the split that papers report. */
const splits: Readonly<Partial<Record<BenchmarkName, string>>> = {
  nq: 'test',
  triviaqa: 'test',
  popqa: 'test',
  hotpotqa: 'dev',
  '2wikimultihopqa': 'dev',
  musique: 'dev',
  bamboogle: 'test',
};

/** Collections of the hub: FlashRAG has a file for each benchmark, Search-R1 one for all seven. */
export const hubNames = ['flashrag', 'search-r1'] as const;

export type HubName = (typeof hubNames)[number];

/** Where benchmarks are downloaded from. */
export interface BenchmarkHub {
  /** @default 'flashrag' */
  name?: HubName;
  /** Where files are kept: what is there is not downloaded again. */
  cache: string;
  /** @default HF_ENDPOINT, or https://huggingface.co */
  endpoint?: string;
  /** For private mirrors. @default HF_TOKEN */
  token?: string;
  /** Largest file, in bytes. @default 1 GiB */
  maxBytes?: number;
  /** Milliseconds until a listing or a silent connection counts as broken. @default 60000 */
  timeout?: number;
  /** Attempts after the first, for connections that break. @default 5 */
  retries?: number;
}

const isThere = (path: string) =>
  stat(path).then(
    (found) => found.isFile(),
    () => false,
  );

/** The split of a benchmark that has a name on the hub. @throws ConfigError for the others */
function splitOf(name: BenchmarkName): string {
  const split = splits[name];
  if (split !== undefined) return split;
  throw new ConfigError(
    `${name} is read from its file alone; give that in place of the name (docs/benchmarks.md says where to get it)`,
    { where: '--benchmarks' },
  );
}

/** The file of a benchmark below a folder, as FlashRAG or Search-R1 lay it out; a file is taken as it is. @throws ConfigError where there is none */
export async function findBenchmark(name: BenchmarkName, path: string): Promise<string> {
  const split = splitOf(name);
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) throw new ConfigError('there is no such file or folder', { where: path });
  if (!found.isDirectory()) return path;
  const candidates = [`${name}/${split}.jsonl`, `${name}.jsonl`, `${name}/${split}.parquet`, 'test.parquet'];
  for (const candidate of candidates) if (await isThere(join(path, candidate))) return join(path, candidate);
  throw new ConfigError(`has no file of ${name}; expected one of ${candidates.join(', ')}`, { where: path });
}

/** The listing of a repository has no timeout of its own. */
const withTimeout =
  (timeout: number): typeof fetch =>
  (url, init) => {
    if (!new URL(String(url)).pathname.startsWith('/api/')) return fetch(url, init);
    const limit = AbortSignal.timeout(timeout);
    return fetch(url, { ...init, signal: init?.signal ? AbortSignal.any([init.signal, limit]) : limit });
  };

/**
 * The file of a benchmark from the hub, or from the cache where it is there already.
 * @throws DatasetError when it cannot be downloaded, with what else can be done; ConfigError for a benchmark that is not there
 */
export async function downloadBenchmark(name: BenchmarkName, hub: BenchmarkHub, signal?: AbortSignal): Promise<string> {
  const { name: hubName = 'flashrag', cache, endpoint, token, maxBytes = 2 ** 30, timeout = 60_000, retries } = hub;
  const split = splitOf(name);
  const file = hubName === 'flashrag' ? `${name}/${split}.jsonl` : 'test.parquet';
  const directory = join(cache, hubName);
  const path = join(directory, file);
  if (await isThere(path)) return path;
  try {
    await download({
      kind: 'dataset',
      name: hubName === 'flashrag' ? name : 'nq_hotpotqa_train',
      directory,
      files: [file],
      maxBytes,
      stallTimeout: timeout,
      fetch: withTimeout(timeout),
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(token === undefined ? {} : { token }),
      ...(retries === undefined ? {} : { retries }),
      ...(signal === undefined ? {} : { signal }),
    });
    return path;
  } catch (cause) {
    if (!isDgpoError(cause)) throw cause;
    throw new DatasetError(
      `${cause.message}; or get the file of ${name} elsewhere and name it or its folder with --data`,
      { cause },
    );
  }
}
