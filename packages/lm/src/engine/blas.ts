import { availableParallelism } from 'node:os';
import { ConfigError } from '@dgpo/trajectory';
import { blasLibraries, type ForeignLibrary, identifyBlas } from './blas-libraries.js';
import { type Sgemm, wrongProduct } from './blas-self-test.js';
import { optionalImport } from './optional-import.js';

/** Which native BLAS computes the matrix products of the engine `wasm`. */
export interface BlasFacts {
  /** Name or path that the system's loader found. */
  readonly library: string;
  /** What the library says about itself: name, version, how it was built. */
  readonly config: string;
  /** Threads of one product; `undefined` where the library decides (Accelerate). They count for the whole process. */
  readonly threads: number | undefined;
  /** Products of fewer multiplications, or with fewer than 16 rows or columns, stay in WebAssembly, which is faster there. */
  readonly minimumWork: number;
}

/** A BLAS that passed its test. */
export interface Blas {
  readonly facts: BlasFacts;
  /** Reads and writes the arrays in place; an array may be a view of one element where its matrix starts. */
  readonly sgemm: Sgemm;
  /** Whether it is faster than our kernel at `[m, k]` by `[k, n]`. */
  worthwhile(m: number, n: number, k: number): boolean;
}

export type BlasSearch = { blas: Blas } | { blas?: undefined; reason: string };

/** What of koffi is used. */
interface Koffi {
  load(path: string): ForeignLibrary;
}

/** CBLAS's names of things. */
const rowMajor = 101;
const asItIs = 111;
const transposed = 112;

/** Order, layouts, m, n, k, alpha, A and its row length, B and its row length, beta, C and its row length. */
const sgemmParameters = [
  ...['int', 'int', 'int', 'int', 'int', 'int', 'float'],
  ...['float *', 'int', 'float *', 'int', 'float', 'float *', 'int'],
];

/** 32 x 32 x 32, by measurement on OpenBLAS 0.3.21: from here on it is faster than our kernel, its call of 0.3 µs included. */
const minimumWork = 2 ** 15;

/** Fewer rows or columns leave most of a library's tile unused. */
const minimumSide = 16;

function bindSgemm(library: ForeignLibrary): Sgemm | undefined {
  let native: (...values: unknown[]) => unknown;
  try {
    native = library.func('cblas_sgemm', 'void', sgemmParameters);
  } catch {
    return undefined;
  }
  return ({ m, n, k, a, transposeA, b, transposeB, beta, c }) => {
    native(
      rowMajor,
      transposeA ? transposed : asItIs,
      transposeB ? transposed : asItIs,
      m,
      n,
      k,
      1,
      a,
      transposeA ? m : k,
      b,
      transposeB ? k : n,
      beta,
      c,
      n,
    );
  };
}

const firstLine = (error: unknown) =>
  String(error instanceof Error ? error.message : error)
    .split('\n')[0]
    ?.trim();

/**
 * Opens one library. It is asked what it is before it computes anything: one with 64-bit integers would read ours as garbage and
 * could take the process down.
 */
function open(koffi: Koffi, path: string, threads: number): BlasSearch {
  let library: ForeignLibrary;
  try {
    library = koffi.load(path);
  } catch (error) {
    return { reason: `${path} does not load (${firstLine(error)})` };
  }
  const identity = identifyBlas(library);
  if (identity === undefined) return { reason: `${path} is none of OpenBLAS, BLIS, MKL and Accelerate` };
  if (identity.integerBits !== 32) {
    return { reason: `${path} (${identity.config}) takes 64-bit integers; install the build for 32-bit ones (LP64)` };
  }
  const sgemm = bindSgemm(library);
  if (sgemm === undefined) return { reason: `${path} (${identity.config}) has no cblas_sgemm` };
  const used = identity.setThreads?.(threads);
  const wrong = wrongProduct(sgemm);
  if (wrong !== undefined) return { reason: `${path} (${identity.config}) computes a wrong product of ${wrong}` };
  return {
    blas: {
      facts: { library: path, config: identity.config, threads: used, minimumWork },
      sgemm,
      worthwhile: (m, n, k) => Math.min(m, n) >= minimumSide && m * n * k >= minimumWork,
    },
  };
}

/**
 * Looks for a native BLAS, opens it through `koffi`, sets its threads and tests its products. Nothing else is changed.
 *
 * @param options.library name or path of one library @default the first that works of those usual on this platform
 * @param options.workers threads of JavaScript that will call it; each product gets `cores / workers` threads @default 1
 */
export async function findBlas(options: { library?: string; workers?: number } = {}): Promise<BlasSearch> {
  let koffi: Koffi | undefined;
  try {
    koffi = (await optionalImport('koffi'))?.default as Koffi | undefined;
  } catch (error) {
    return { reason: `koffi does not load (${firstLine(error)})` };
  }
  if (koffi === undefined) return { reason: 'koffi is not installed: npm install koffi' };
  const threads = Math.max(1, Math.floor(availableParallelism() / (options.workers ?? 1)));
  if (options.library !== undefined) return open(koffi, options.library, threads);
  const refused: string[] = [];
  for (const path of blasLibraries[process.platform] ?? []) {
    const found = open(koffi, path, threads);
    if (found.blas !== undefined) return found;
    if (!found.reason.includes('does not load')) refused.push(found.reason);
  }
  return { reason: refused.length > 0 ? refused.join('; ') : 'no OpenBLAS, BLIS, MKL or Accelerate is installed' };
}

/**
 * The BLAS that a switch asks for: `off` none, `auto` whichever is found, else the library of that name or path.
 *
 * @throws ConfigError where a library is named and cannot be used, with the reason
 */
export async function chooseBlas(options: { blas: string; workers: number }): Promise<Blas | undefined> {
  const { blas, workers } = options;
  if (blas === 'off') return undefined;
  const found = await findBlas(blas === 'auto' ? { workers } : { library: blas, workers });
  if (found.blas === undefined && blas !== 'auto') {
    throw new ConfigError(
      `the BLAS library cannot be used: ${found.reason}; give auto, off or another path (DGPO_BLAS), or see docs/engines.md in the repository of dgpo`,
    );
  }
  return found.blas;
}
