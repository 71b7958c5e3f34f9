import { availableParallelism } from 'node:os';
import { ConfigError } from '@dgpo/trajectory';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { plainSgemm } from './__fixtures__/plain-sgemm.js';
import { chooseBlas, findBlas } from './blas.js';
import { blasLibraries } from './blas-libraries.js';

type Functions = Record<string, (...values: never[]) => unknown>;

/** The function of C, on the positions of its parameters. */
const cblas = (
  _order: number,
  transposeA: number,
  transposeB: number,
  m: number,
  n: number,
  k: number,
  _alpha: number,
  a: Float32Array,
  _lda: number,
  b: Float32Array,
  _ldb: number,
  beta: 0 | 1,
  c: Float32Array,
) => plainSgemm({ m, n, k, a, transposeA: transposeA === 112, b, transposeB: transposeB === 112, beta, c });

/** OpenBLAS of this build configuration, with threads of its own. */
function openblas(config = 'OpenBLAS 0.3.21 NO_AFFINITY  Haswell'): Functions {
  let threads = 64;
  return {
    cblas_sgemm: cblas,
    openblas_get_config: () => config,
    openblas_set_num_threads: (count: number) => {
      threads = count;
    },
    openblas_get_num_threads: () => threads,
  };
}

const blis = (integerBits: number): Functions => ({
  cblas_sgemm: cblas,
  bli_info_get_version_str: () => '0.9.0',
  bli_info_get_blas_int_type_size: () => integerBits,
  bli_thread_set_num_threads: () => undefined,
  bli_thread_get_num_threads: () => 1,
});

const mkl = (layer: number): Functions => ({
  cblas_sgemm: cblas,
  MKL_Set_Interface_Layer: () => layer,
  MKL_Set_Num_Threads: () => undefined,
  MKL_Get_Max_Threads: () => 2,
  MKL_Get_Version_String: (text: Buffer) => text.write('oneMKL 2025.1\0'),
});

/** A machine with these libraries, by name. */
function machine(libraries: Record<string, Functions>): void {
  vi.doMock('koffi', () => ({
    default: {
      load: (path: string) => {
        const library = libraries[path];
        if (library === undefined) throw new Error(`${path}: cannot open shared object file\nmore`);
        return {
          func: (name: string) => {
            if (library[name] === undefined) throw new Error(`Cannot find function '${name}'`);
            return library[name];
          },
        };
      },
    },
  }));
}

const [first = '', second = ''] = blasLibraries[process.platform] ?? [];

describe('findBlas', () => {
  afterEach(() => {
    vi.doUnmock('koffi');
  });

  test('takes the first that works, and says what it is', async () => {
    machine({ [first]: openblas(), [second]: openblas('OpenBLAS 0.2') });
    const found = await findBlas();
    expect(found.blas?.facts).toEqual({
      library: first,
      config: 'OpenBLAS 0.3.21 NO_AFFINITY Haswell',
      threads: availableParallelism(),
      minimumWork: 32_768,
    });
  });

  test('shares the cores among the workers, one thread at least', async () => {
    machine({ [first]: openblas() });
    const cores = availableParallelism();
    expect((await findBlas({ workers: cores })).blas?.facts.threads).toBe(1);
    expect((await findBlas({ workers: 10 * cores })).blas?.facts.threads).toBe(1);
  });

  test.each([
    ['OpenBLAS', openblas('OpenBLAS 0.3.21 USE64BITINT Haswell')],
    ['BLIS', blis(64)],
    ['MKL', mkl(1)],
    ['MKL for gfortran', mkl(3)],
  ])('%s with 64-bit integers is refused before it computes', async (_, library) => {
    const sgemm = vi.fn();
    machine({ lib: { ...library, cblas_sgemm: sgemm } });
    expect(await findBlas({ library: 'lib' })).toEqual({ reason: expect.stringMatching(/64-bit integers/) });
    expect(sgemm).not.toHaveBeenCalled();
  });

  test.each([
    ['BLIS', blis(32), { config: 'BLIS 0.9.0', threads: 1 }],
    ['MKL', mkl(0), { config: 'oneMKL 2025.1', threads: 2 }],
    ['Accelerate', { cblas_sgemm: cblas, vDSP_mmul: () => 0 }, { config: 'Accelerate', threads: undefined }],
  ])('%s is known', async (_, library, facts) => {
    machine({ lib: library });
    expect((await findBlas({ library: 'lib' })).blas?.facts).toMatchObject(facts);
  });

  test('a library that computes wrongly is passed over', async () => {
    machine({ [first]: { ...openblas(), cblas_sgemm: () => undefined }, [second]: openblas('OpenBLAS 0.2') });
    expect((await findBlas()).blas?.facts.library).toBe(second);
    expect(await findBlas({ library: first })).toEqual({ reason: expect.stringMatching(/wrong product of 1 x 1/) });
  });

  test.each<[string, Record<string, Functions>, RegExp]>([
    ['no library', {}, /^no OpenBLAS, BLIS, MKL or Accelerate is installed$/],
    ['the reference implementation', { [first]: { cblas_sgemm: cblas } }, /is none of OpenBLAS, BLIS, MKL/],
    ['one without CBLAS', { [first]: { ...openblas(), cblas_sgemm: undefined as never } }, /has no cblas_sgemm/],
  ])('with %s it says so', async (_, libraries, reason) => {
    machine(libraries);
    expect(await findBlas()).toEqual({ reason: expect.stringMatching(reason) });
  });

  test('without koffi it says what to install', async () => {
    vi.doMock('koffi', () => ({ default: undefined }));
    expect(await findBlas()).toEqual({ reason: 'koffi is not installed: npm install koffi' });
  });

  test('small and narrow products are not worth a call', async () => {
    machine({ [first]: openblas() });
    const { blas } = await findBlas();
    expect(blas?.worthwhile(32, 32, 32)).toBe(true);
    expect(blas?.worthwhile(32, 32, 31)).toBe(false);
    expect(blas?.worthwhile(15, 4096, 4096)).toBe(false);
    expect(blas?.worthwhile(4096, 15, 4096)).toBe(false);
  });
});

describe('chooseBlas', () => {
  afterEach(() => {
    vi.doUnmock('koffi');
  });

  test('off is none, auto none where nothing is found', async () => {
    machine({});
    expect(await chooseBlas({ blas: 'off', workers: 1 })).toBeUndefined();
    expect(await chooseBlas({ blas: 'auto', workers: 1 })).toBeUndefined();
  });

  test('a library that is named must work', async () => {
    machine({});
    const failure = await chooseBlas({ blas: '/opt/libx.so', workers: 1 }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ConfigError);
    expect((failure as Error).message).toMatch(/^the BLAS library cannot be used: \/opt\/libx\.so does not load \(/);
    expect((failure as Error).message).toContain('DGPO_BLAS');
  });
});
