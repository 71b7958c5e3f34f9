import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Problem } from './api.js';
import type { ServedFolder } from './served-folder.js';

export interface Folder {
  /** Relative, '' for the root. */
  path: string;
  files: string[];
}

interface WalkFoldersOptions {
  root: ServedFolder;
  /** How far down folders are entered, and how many folders and entries are looked at. */
  most?: { depth: number; folders: number; entries: number };
}

/** What a run directory, or a stage of it, holds beside episodes; elsewhere these names may be anything. */
const ofRuns = new Set(['checkpoints', 'tensorboard', 'wandb', 'logs']);
const ofStages = new Set(['checkpoints', 'index', 'model', 'adapter']);

/** Puts `a/b` before `a-b`: what lies in a folder follows it. */
const bySegments = (a: string, b: string) => (a.replaceAll('/', '\0') < b.replaceAll('/', '\0') ? -1 : 1);

/** Names of the files of a folder and of the folders in it that are entered, and how much lies there. */
async function listFolder(real: string): Promise<{ files: string[]; folders: string[]; entries: number }> {
  const found: Dirent[] = await readdir(real, { withFileTypes: true }).catch(() => []);
  const files: string[] = [];
  const folders: string[] = [];
  const has = (name: string) => found.some((entry) => entry.name === name);
  const isSkipped = (name: string) =>
    name.startsWith('.') ||
    name === 'node_modules' ||
    (ofRuns.has(name) && has('metrics.jsonl')) ||
    (ofStages.has(name) && has('stage.key'));
  for (const entry of found) {
    const kind = entry.isSymbolicLink() ? await stat(join(real, entry.name)).catch(() => undefined) : entry;
    if (kind?.isFile()) files.push(entry.name);
    else if (kind?.isDirectory() && !isSkipped(entry.name)) folders.push(entry.name);
  }
  return { files: files.sort(), folders: folders.sort(), entries: found.length };
}

/**
 * The folders below a root with their files, parents first. Checkpoints and indexes are not entered; links that lead out of the root are not
 * followed. It goes from the top down, so that what lies deepest is left out where there is too much; `problems` says so.
 */
export async function walkFolders(options: WalkFoldersOptions): Promise<{ folders: Folder[]; problems: Problem[] }> {
  const { root, most = { depth: 8, folders: 5000, entries: 100_000 } } = options;
  const folders: Folder[] = [];
  const problems: Problem[] = [];
  const report = (file: string, reason: string) =>
    problems.push({ file, line: null, reason: `${reason}; serve a folder further in` });
  const visited = new Set<string>();
  let entries = 0;
  const waiting = [{ path: '', depth: 0 }];
  for (const { path, depth } of waiting) {
    const real = await root.resolve(path === '' ? '.' : path);
    if (real === undefined || visited.has(real)) continue;
    if (depth > most.depth) {
      report(path, `is more than ${most.depth} folders down and was left out`);
      break;
    }
    if (folders.length >= most.folders || entries >= most.entries) {
      report('.', `holds more than ${most.folders} folders or ${most.entries} entries; the deepest were left out`);
      break;
    }
    visited.add(real);
    const listed = await listFolder(real);
    entries += listed.entries;
    folders.push({ path, files: listed.files });
    for (const name of listed.folders) waiting.push({ path: path === '' ? name : `${path}/${name}`, depth: depth + 1 });
  }
  return { folders: folders.sort((a, b) => bySegments(a.path, b.path)), problems };
}
