import { type FileHandle, open } from 'node:fs/promises';
import { ModelError } from '@dgpo/trajectory';
import type { OnValues } from '../stored-tensor.js';
import { type GgufHeader, type GgufTensorInfo, readGgufHeaderOf } from './gguf-header.js';
import { ggufElements, streamGgufTensor } from './read-gguf-tensor.js';
import { quote } from './within.js';

/** An open GGUF file. */
export interface GgufFile extends GgufHeader {
  /**
   * Reads one tensor as float32, row-major: the shape of its info multiplied out. Quantised types are decoded while they
   * are read; beside the values returned, a few megabytes are held.
   * @throws {ModelError} naming the file and the tensor: not there, of a type other than F32, F16, BF16, Q8_0, Q4_0,
   *   Q4_1, Q4_K and Q6_K, too large for memory, the file was shortened or is closed.
   */
  readTensor(name: string): Promise<Float32Array>;
  /** As `readTensor`, piece by piece: beside one piece, nothing is held. */
  streamTensor(name: string, onValues: OnValues): Promise<void>;
  /** Closes the file; a second call does nothing. */
  close(): Promise<void>;
}

function fail(path: string, cause: unknown, what = ''): never {
  throw new ModelError(what + (cause instanceof Error ? cause.message : String(cause)), { where: path, cause });
}

/**
 * Opens a GGUF file and reads and checks its header; tensors are read one by one on request. Every type of tensor may be
 * in the file, an error comes when one that cannot be decoded is asked for.
 *
 * Source: docs/gguf.md of ggml-org/ggml; the values are those of the Python package `gguf` 0.19, bit for bit.
 * @throws {ModelError} naming the file; see {@link readGgufHeader} for what is checked.
 */
export async function openGguf(path: string): Promise<GgufFile> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (cause) {
    fail(path, cause);
  }
  let header: GgufHeader;
  try {
    header = await readGgufHeaderOf(file);
  } catch (cause) {
    await file.close();
    fail(path, cause);
  }
  let closing: Promise<void> | undefined;
  const reading = async <Result>(name: string, read: (info: GgufTensorInfo) => Promise<Result>): Promise<Result> => {
    try {
      if (closing !== undefined) throw new ModelError('the file is closed');
      const info = header.tensors.get(name);
      if (info === undefined) throw new ModelError('the file has no such tensor');
      return await read(info);
    } catch (cause) {
      fail(path, cause, `tensor ${quote(name)}: `);
    }
  };
  return {
    ...header,
    readTensor: (name) =>
      reading(name, async (info) => {
        const data = new Float32Array(ggufElements(info));
        await streamGgufTensor(file, info, (values, start) => data.set(values, start));
        return data;
      }),
    streamTensor: (name, onValues) => reading(name, (info) => streamGgufTensor(file, info, onValues)),
    close: () => {
      closing ??= file.close();
      return closing;
    },
  };
}
