import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { DatasetError } from '@dgpo/trajectory';
import { readResultFile, reasonOf } from './read-result-file.js';
import type { LeftOutFile, ResultFile } from './result-file.js';

export interface ReadResultFilesOptions {
  /** Searched with every folder in it, but for links, `node_modules` and folders whose names begin with a dot. */
  directory: string;
  /** Name of a measure of ours, or of a metric of lm-eval. @default 'exactMatch' */
  measure?: string;
}

export interface ResultFiles {
  /** In the order of their paths. */
  results: ResultFile[];
  /** Other JSON files, and why they are no result files. */
  leftOut: LeftOutFile[];
}

/** What `dgpo-eval` writes beside its results; read with them, if at all. */
const companions = new Set(['cost.json', 'settings.json']);

const deepest = 16;
const most = 100_000;

/** Paths of the JSON files below a folder, sorted. @throws DatasetError when the folder itself cannot be read, or holds too much. */
async function jsonFiles(directory: string, leftOut: LeftOutFile[]): Promise<string[]> {
  const files: string[] = [];
  let seen = 0;
  const visit = async (folder: string, depth: number): Promise<void> => {
    let entries: Dirent[];
    try {
      entries = await readdir(join(directory, folder), { withFileTypes: true });
    } catch (cause) {
      if (folder === '') throw new DatasetError('is no folder that can be read', { where: directory, cause });
      leftOut.push({ path: folder, reason: 'this folder cannot be read' });
      return;
    }
    seen += entries.length;
    if (seen > most)
      throw new DatasetError(`holds more than ${most} files; name a smaller folder`, { where: directory });
    const hasResults = entries.some(({ name }) => name === 'results.json');
    const isCompanion = (name: string) => hasResults && companions.has(name);
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = join(folder, entry.name);
      if (entry.isFile() && entry.name.endsWith('.json') && !isCompanion(entry.name)) files.push(path);
      if (!entry.isDirectory() || entry.name.startsWith('.') || entry.name === 'node_modules') continue;
      if (depth === deepest) leftOut.push({ path, reason: `lies deeper than ${deepest} folders` });
      else await visit(path, depth + 1);
    }
  };
  await visit('', 1);
  return files;
}

/**
 * Reads every result file below a folder: those of `dgpo-eval run`, `dgpo-arc score` and lm-eval. JSON files that are none, or cannot be
 * read, are told with the reason. Results of single sets that stand below those of all are in these already.
 * @throws DatasetError when the folder cannot be read or holds more than 100,000 files.
 */
export async function readResultFiles({
  directory,
  measure = 'exactMatch',
}: ReadResultFilesOptions): Promise<ResultFiles> {
  const results: ResultFile[] = [];
  const leftOut: LeftOutFile[] = [];
  const parts = new Set<string>();
  for (const path of await jsonFiles(directory, leftOut)) {
    try {
      if (basename(path) === 'evaluation.json')
        throw new DatasetError('is a stage of a run, which dgpo-eval report shows');
      const read = await readResultFile({ directory, path, measure });
      results.push(read.result);
      leftOut.push(...read.leftOut);
      for (const part of read.parts) parts.add(part);
    } catch (error) {
      if (!(error instanceof DatasetError)) throw error;
      leftOut.push({ path, reason: reasonOf(error) });
    }
  }
  return { results: results.filter(({ path }) => !parts.has(path)), leftOut };
}
