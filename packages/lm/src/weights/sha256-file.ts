import { createHash } from 'node:crypto';
import { withModelFile } from './safetensors-header.js';

/**
 * The SHA-256 of a file's content in lower-case hexadecimal, read in pieces.
 * @throws {ModelError} naming the file when it cannot be read.
 */
export function sha256File(path: string): Promise<string> {
  return withModelFile(path, async (file) => {
    const hash = createHash('sha256');
    for await (const chunk of file.createReadStream({ autoClose: false })) hash.update(chunk);
    return hash.digest('hex');
  });
}
