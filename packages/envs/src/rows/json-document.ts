import { readFile, stat } from 'node:fs/promises';
import { DatasetError } from '@dgpo/trajectory';
import { z } from 'zod';

const maxFileBytes = 256 * 2 ** 20;

const documentSchema = z.union([
  z.array(z.unknown()),
  z.object({ examples: z.array(z.unknown()) }).transform((value) => value.examples),
]);

const reasonOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** The text of a file without its byte-order mark. @throws DatasetError when it is missing or has more than 256 MiB. */
export async function readText(path: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size > maxFileBytes) {
      throw new DatasetError(`has ${size} bytes, at most ${maxFileBytes} are read`, {
        where: path,
      });
    }
    return (await readFile(path, 'utf8')).replace(/^\uFEFF/, '');
  } catch (cause) {
    if (cause instanceof DatasetError) throw cause;
    throw new DatasetError(`cannot read: ${reasonOf(cause)}`, { where: path, cause });
  }
}

/**
 * The rows of a JSON document: a list, or the list `examples` of an object.
 * @throws DatasetError naming the line of what is not JSON, or line 1 for JSON of another shape.
 */
export function parseJsonRows(path: string, text: string): unknown[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    const position = /position (\d+)/.exec(reasonOf(cause))?.[1];
    const line = position === undefined ? '' : `:${text.slice(0, Number(position)).split('\n').length}`;
    throw new DatasetError(`expected JSON: ${reasonOf(cause)}`, { where: `${path}${line}`, cause });
  }
  const rows = documentSchema.safeParse(value);
  if (rows.success) return rows.data;
  throw new DatasetError('expected a list of rows, or an object with such a list as "examples"', {
    where: `${path}:1`,
  });
}
