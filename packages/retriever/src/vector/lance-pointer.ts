import { readFile, writeFile } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { RetrieverError } from '@dgpo/trajectory';
import { z } from 'zod';

const pointerName = 'lance.json';
const pointerSchema = z.object({
  uri: z.string().min(1),
  table: z.string().min(1),
  length: z.number().int().nonnegative(),
});

/** Where the table of an index lies, and how many indices it has given out. */
export type LancePointer = z.infer<typeof pointerSchema>;

const isRemote = (uri: string) => /^[a-z][a-z0-9+]+:\/\//.test(uri);

/** Path of a table inside the directory, null for one elsewhere. */
export function pathInside(uri: string, directory: string): string | null {
  if (isRemote(uri)) return null;
  const path = relative(resolve(directory), resolve(uri));
  if (isAbsolute(path) || path === '..' || path.startsWith(`..${sep}`)) return null;
  return path.split(sep).join('/') || '.';
}

/** Writes `lance.json`. The uri is relative when the table lies inside the directory, so that the directory can be renamed. */
export async function writePointer(directory: string, { uri, table, length }: LancePointer): Promise<void> {
  const place = pathInside(uri, directory) ?? (isRemote(uri) ? uri : resolve(uri));
  await writeFile(join(directory, pointerName), `${JSON.stringify({ uri: place, table, length })}\n`);
}

/** Reads `lance.json`, the uri resolved. @throws RetrieverError when it is missing or damaged. */
export async function readPointer(directory: string): Promise<LancePointer> {
  const path = join(directory, pointerName);
  try {
    const pointer = pointerSchema.parse(JSON.parse(await readFile(path, 'utf8')));
    return { ...pointer, uri: isRemote(pointer.uri) ? pointer.uri : resolve(directory, pointer.uri) };
  } catch (cause) {
    throw new RetrieverError('this file is missing or damaged; build the index anew', { where: path, cause });
  }
}
