import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Folders below `nodeModules`, at any depth, that hold a copy of the package. */
export function installedCopies(nodeModules, name) {
  const copies = existsSync(join(nodeModules, name, 'package.json')) ? [join(nodeModules, name)] : [];
  const installed = readdirSync(nodeModules, { withFileTypes: true }).flatMap((entry) => {
    if (!entry.isDirectory() || entry.name.startsWith('.')) return [];
    if (!entry.name.startsWith('@')) return [entry.name];
    return readdirSync(join(nodeModules, entry.name)).map((inner) => join(entry.name, inner));
  });
  const nested = installed.map((folder) => join(nodeModules, folder, 'node_modules')).filter(existsSync);
  return [...copies, ...nested.flatMap((folder) => installedCopies(folder, name))];
}

/** Where Node would find `name` when a module in `from` imports it, or undefined. */
function resolveFolder(from, name) {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name);
    if (existsSync(join(candidate, 'package.json'))) return candidate;
    if (folder === dirname(folder)) return undefined;
  }
}

/** Names of everything that installing one package brings in: dependencies and optional dependencies, all the way down. */
export function dependencyClosure(nodeModules, name) {
  const seen = new Set();
  const names = new Set();
  const visit = (folder) => {
    if (seen.has(folder)) return;
    seen.add(folder);
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    for (const dependency of Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies })) {
      names.add(dependency);
      const found = resolveFolder(folder, dependency);
      if (found !== undefined) visit(found);
    }
  };
  visit(join(nodeModules, name));
  return [...names].sort();
}
