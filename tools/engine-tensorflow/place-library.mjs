import { mkdir, open, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from './failure.mjs';
import { extractEntry } from './unzip.mjs';
import { readZipDirectory } from './zip-directory.mjs';

const libraries = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'];
// What tensorflow/c/c_api.h and tensorflow/c/eager/c_api.h include.
const headers =
  /^tensorflow\/include\/((?:tensorflow\/c|tensorflow\/core\/platform|tsl\/platform|xla\/tsl\/c)\/.+\.h)$/;
const notices = /^tensorflow\/(THIRD_PARTY_NOTICES\.txt)$/;

/** Where an entry of the wheel goes below `deps`, or undefined for the thousands that the binding does not need. */
export function placeOf(name) {
  if (name.split('/').includes('..')) return undefined;
  const library = libraries.find((candidate) => name === `tensorflow/${candidate}`);
  if (library !== undefined) return join('lib', library);
  const header = headers.exec(name)?.[1];
  if (header !== undefined) return join('include', header);
  return notices.exec(name)?.[1];
}

/**
 * Unpacks library and headers of a wheel to `deps` of the package, where its binding.gyp looks. The folder is there only when it is
 * complete.
 *
 * @throws Failure when the wheel is damaged or holds no C library
 */
export async function placeLibrary({ wheelPath, packageFolder }) {
  const partial = join(packageFolder, 'deps.partial');
  await rm(partial, { recursive: true, force: true });
  const file = await open(wheelPath);
  try {
    const entries = await readZipDirectory(file);
    for (const library of libraries) {
      if (!entries.some((entry) => entry.name === `tensorflow/${library}`)) {
        throw new Failure(`the wheel ${wheelPath} holds no tensorflow/${library}`);
      }
    }
    if (!entries.some((entry) => headers.test(entry.name))) {
      throw new Failure(`the wheel ${wheelPath} holds no headers of the C library`);
    }
    for (const entry of entries) {
      const place = placeOf(entry.name);
      if (place !== undefined) await extractEntry({ file, entry, target: join(partial, place) });
    }
    const lib = join(partial, 'lib');
    await mkdir(lib, { recursive: true });
    // The names that the linker is told: -ltensorflow -ltensorflow_framework.
    await symlink('libtensorflow_cc.so.2', join(lib, 'libtensorflow.so'));
    await symlink('libtensorflow_framework.so.2', join(lib, 'libtensorflow_framework.so'));
    const deps = join(packageFolder, 'deps');
    await rm(deps, { recursive: true, force: true });
    await rename(partial, deps);
  } finally {
    await file.close();
    await rm(partial, { recursive: true, force: true });
  }
}
