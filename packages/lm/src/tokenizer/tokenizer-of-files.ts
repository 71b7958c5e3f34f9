import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ModelError } from '@dgpo/trajectory';
import { loadTokenizer } from './tokenizer-file.js';

/**
 * A tokenizer of the content of its files, which {@link loadTokenizer} reads from a folder.
 *
 * @throws ModelError naming `where` when they are of a kind that would be segmented differently
 */
export async function tokenizerOfFiles(
  files: { tokenizerJson: object; tokenizerConfig: object },
  where: string,
): ReturnType<typeof loadTokenizer> {
  const directory = await mkdtemp(join(tmpdir(), 'dgpo-tokenizer-'));
  try {
    await writeFile(join(directory, 'tokenizer.json'), JSON.stringify(files.tokenizerJson));
    await writeFile(join(directory, 'tokenizer_config.json'), JSON.stringify(files.tokenizerConfig));
    return await loadTokenizer(directory);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.replaceAll(join(directory, '/'), '') : String(cause);
    throw new ModelError(`its tokenizer: ${reason}`, { where, cause });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
