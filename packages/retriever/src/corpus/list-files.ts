import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { corpusFileError } from './corpus-file-error.js';

/**
 * Files below a folder whose names match, as paths relative to it with `/`, sorted by name folder by folder. Names that begin with a
 * dot are left out, and symbolic links are not followed.
 */
export async function* listFiles(root: string, pattern: RegExp, below = ''): AsyncGenerator<string> {
  const folder = join(root, below);
  let entries: Dirent[];
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch (cause) {
    throw corpusFileError(folder, cause);
  }
  entries.sort((left, right) => (left.name < right.name ? -1 : 1));
  for (const entry of entries) {
    if (entry.name.startsWith('.')) continue;
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) yield* listFiles(root, pattern, path);
    else if (entry.isFile() && pattern.test(entry.name)) yield path;
  }
}
