import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, rm, symlink } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { writeFileBeside } from '../weights/write-file-beside.js';
import type { ModelName } from './model-name.js';

/** The variables that move the cache, as `huggingface_hub` of Python reads them; an empty one counts as none. */
export function defaultCacheDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  const { HF_HUB_CACHE, HUGGINGFACE_HUB_CACHE, HF_HOME, XDG_CACHE_HOME } = environment;
  const home = HF_HOME || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'huggingface');
  return HF_HUB_CACHE || HUGGINGFACE_HUB_CACHE || join(home, 'hub');
}

/** Where the parts of one model lie in the cache, laid out as by `huggingface_hub` of Python. */
export interface ModelCache {
  /** `models--org--name` */
  directory: string;
  /** Path of a content by its hash. */
  blob(hash: string): string;
  snapshot(commit: string): string;
  /** The commit that a revision was at when it was last asked for. */
  commitOf(revision: string): Promise<string | undefined>;
  saveCommit(revision: string, commit: string): Promise<void>;
  /** Puts a content into a snapshot under the name that the file has in the repository. */
  link(options: { hash: string; commit: string; name: string }): Promise<void>;
}

export const isCommit = (text: string): boolean => /^[0-9a-f]{40}$/.test(text);

export function modelCache(cacheDirectory: string, { repository }: Pick<ModelName, 'repository'>): ModelCache {
  const directory = join(cacheDirectory, `models--${repository.replace('/', '--')}`);
  const reference = (revision: string) => join(directory, 'refs', ...revision.split('/'));
  const snapshot = (commit: string) => join(directory, 'snapshots', commit);
  const blob = (hash: string) => join(directory, 'blobs', hash);
  return {
    directory,
    blob,
    snapshot,
    commitOf: async (revision) => {
      if (isCommit(revision)) return revision;
      const text = (await readFile(reference(revision), 'utf8').catch(() => '')).trim();
      return isCommit(text) ? text : undefined;
    },
    saveCommit: async (revision, commit) => {
      if (revision !== commit) await writeFileBeside(reference(revision), (file) => file.writeFile(commit));
    },
    link: async ({ hash, commit, name }) => {
      const target = join(snapshot(commit), name);
      // Follows the link: one whose content was removed is made anew.
      if (existsSync(target)) return;
      await rm(target, { force: true });
      await mkdir(dirname(target), { recursive: true });
      // Systems without links, Windows without its developer mode, get a copy.
      await symlink(relative(dirname(target), blob(hash)), target).catch(() => copyFile(blob(hash), target));
    },
  };
}
