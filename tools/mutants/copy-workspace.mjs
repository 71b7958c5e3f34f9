import { cpSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';

const left = new Set(['node_modules', 'dist', '.turbo', 'coverage']);
const copied = [
  'packages',
  'apps',
  'examples',
  'recipes',
  'package.json',
  'tsconfig.base.json',
  'vitest.config.ts',
  'tools/property-seed',
];

/**
 * A copy of the working tree in which files can be changed: installed packages are links to those of the original, the
 * workspaces' own packages are those of the copy.
 */
export function copyWorkspace(root, target) {
  for (const name of copied) {
    cpSync(join(root, name), join(target, name), {
      recursive: true,
      filter: (path) => !left.has(basename(path)),
    });
  }
  const own = join('node_modules', '@dgpo');
  mkdirSync(join(target, own), { recursive: true });
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (name !== '@dgpo' && !name.startsWith('.')) link(root, target, join('node_modules', name));
  }
  for (const group of ['packages', 'apps']) {
    for (const name of readdirSync(join(target, group))) {
      symlinkSync(join(target, group, name), join(target, own, name), 'dir');
      if (readdirSync(join(root, group, name)).includes('node_modules')) {
        link(root, target, join(group, name, 'node_modules'));
      }
    }
  }
}

function link(root, target, path) {
  symlinkSync(join(root, path), join(target, path), 'dir');
}
