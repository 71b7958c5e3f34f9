/** A shared library of the machine, as koffi opens it. */
export interface ForeignLibrary {
  /** @throws where the library has no such function */
  func(name: string, result: string, parameters: string[]): (...values: unknown[]) => unknown;
}

/** What a BLAS library says about itself. */
export interface BlasIdentity {
  /** Name, version and how it was built. */
  config: string;
  /** Width of the integers that it takes. */
  integerBits: number;
  /** Sets the threads of the process and returns how many it will use; absent where the library decides for itself. */
  setThreads?: (threads: number) => number;
}

/**
 * Where BLAS libraries are looked for, the best first: names that the loader of the system searches, and usual places. The reference
 * implementation (`libblas`) is not among them: it is slower than WebAssembly.
 */
export const blasLibraries: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  linux: [
    'libopenblas.so.0',
    'libopenblas.so',
    'libopenblas.so.3',
    'libopenblasp.so.0',
    'libblis.so.4',
    'libblis.so',
    'libblis-mt.so',
    'libmkl_rt.so.2',
    'libmkl_rt.so',
  ],
  darwin: [
    '/System/Library/Frameworks/Accelerate.framework/Accelerate',
    '/opt/homebrew/opt/openblas/lib/libopenblas.dylib',
    '/usr/local/opt/openblas/lib/libopenblas.dylib',
    'libopenblas.dylib',
    'libblis.dylib',
  ],
  win32: ['openblas.dll', 'libopenblas.dll', 'mkl_rt.2.dll'],
};

type Find = (name: string, result: string, parameters?: string[]) => ((...values: unknown[]) => unknown) | undefined;

function openblas(find: Find): BlasIdentity | undefined {
  const config = find('openblas_get_config', 'const char *');
  const setThreads = find('openblas_set_num_threads', 'void', ['int']);
  const getThreads = find('openblas_get_num_threads', 'int');
  if (config === undefined || setThreads === undefined || getThreads === undefined) return undefined;
  const text = String(config());
  return {
    config: text.replace(/\s+/g, ' ').trim(),
    integerBits: text.includes('USE64BITINT') ? 64 : 32,
    setThreads: (threads) => {
      setThreads(threads);
      return Number(getThreads());
    },
  };
}

function blis(find: Find): BlasIdentity | undefined {
  const version = find('bli_info_get_version_str', 'const char *');
  const integerBits = find('bli_info_get_blas_int_type_size', 'int64_t');
  const setThreads = find('bli_thread_set_num_threads', 'void', ['int64_t']);
  const getThreads = find('bli_thread_get_num_threads', 'int64_t');
  if (version === undefined || integerBits === undefined || setThreads === undefined || getThreads === undefined) {
    return undefined;
  }
  return {
    config: `BLIS ${String(version())}`,
    integerBits: Number(integerBits()),
    setThreads: (threads) => {
      setThreads(threads);
      return Number(getThreads());
    },
  };
}

/** `libmkl_rt` is one library for both widths of integers; the first choice counts. */
function mkl(find: Find): BlasIdentity | undefined {
  const setInterface = find('MKL_Set_Interface_Layer', 'int', ['int']);
  const setThreads = find('MKL_Set_Num_Threads', 'void', ['int']);
  const getThreads = find('MKL_Get_Max_Threads', 'int');
  const version = find('MKL_Get_Version_String', 'void', ['char *', 'int']);
  if (setInterface === undefined || setThreads === undefined || getThreads === undefined || version === undefined) {
    return undefined;
  }
  // 0 asks for 32-bit integers; the lowest bit of the answer is set where the process computes with 64.
  const integerBits = (Number(setInterface(0)) & 1) === 1 ? 64 : 32;
  const text = Buffer.alloc(200);
  version(text, text.length);
  return {
    config: text.toString('latin1').split('\0', 1).join('').trim(),
    integerBits,
    setThreads: (threads) => {
      setThreads(threads);
      return Number(getThreads());
    },
  };
}

/** Apple's plain names take 32-bit integers; how many threads it uses is its own affair. */
function accelerate(find: Find): BlasIdentity | undefined {
  if (find('vDSP_mmul', 'void') === undefined) return undefined;
  return { config: 'Accelerate', integerBits: 32 };
}

/** Which BLAS a library is, by the functions that only that one has; `undefined` for any other library. */
export function identifyBlas(library: ForeignLibrary): BlasIdentity | undefined {
  const find: Find = (name, result, parameters = []) => {
    try {
      return library.func(name, result, parameters);
    } catch {
      return undefined;
    }
  };
  return openblas(find) ?? blis(find) ?? mkl(find) ?? accelerate(find);
}
