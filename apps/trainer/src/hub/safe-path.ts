import { isAbsolute, join, relative, resolve } from 'node:path';
import { DatasetError } from '@dgpo/trajectory';

const windowsDevice = /^(con|prn|aux|nul|com\d|lpt\d)(\..*)?$/i;

/**
 * Where a file that a server names goes below a folder.
 *
 * @throws {DatasetError} when the name would leave the folder or is not portable
 */
export function safePath(directory: string, name: string): string {
  const parts = name.split('/');
  const isPlain = (part: string) =>
    part !== '' && part !== '.' && part !== '..' && !windowsDevice.test(part) && !part.startsWith('~');
  const isPrintable = [...name].every((character) => character >= ' ' && !'\\:*?"<>|'.includes(character));
  const clean = isPrintable && parts.every(isPlain);
  const target = resolve(directory, ...parts);
  const inside = relative(resolve(directory), target);
  if (!clean || inside.startsWith('..') || isAbsolute(inside)) {
    throw new DatasetError(`the server names a file that is not safe to write: ${JSON.stringify(name)}`, {
      where: directory,
    });
  }
  return join(directory, ...parts);
}
