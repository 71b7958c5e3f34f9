import { type FileHandle, stat } from 'node:fs/promises';
import { isRecord } from '../is-record.js';
import { readAt } from './read-at.js';
import type { ServedFolder } from './served-folder.js';

/** Tells files apart by what they begin with. */
export interface Sniffer {
  /** A file of trajectories. */
  holdsEpisodes(path: string): Promise<boolean>;
  /** `settings.json` that `dgpo-eval run` keeps beside the folders of its sets. */
  isEvaluation(path: string): Promise<boolean>;
}

/** A trajectory names its segments and its outcome; a first line longer than this may do so later. */
const sniffedBytes = 1 << 16;
const largestSettings = 1 << 20;

async function beginsWithEpisode(file: FileHandle, size: number): Promise<boolean> {
  const text = (await readAt(file, 0, Math.min(sniffedBytes, size))).toString('utf8');
  const line = text.split('\n', 1)[0] ?? '';
  const isWhole = line.length < text.length || size <= sniffedBytes;
  return line.includes('"segments":') && (!isWhole || line.includes('"outcome":'));
}

async function isOfEvaluation(file: FileHandle, size: number): Promise<boolean> {
  if (size > largestSettings) return false;
  const value: unknown = JSON.parse((await readAt(file, 0, size)).toString('utf8'));
  return (
    isRecord(value) && typeof value.formatVersion === 'number' && isRecord(value.settings) && isRecord(value.questions)
  );
}

/** Remembers what files turned out to be, so that they are looked at once. */
function remember(root: ServedFolder, look: (file: FileHandle, size: number) => Promise<boolean>) {
  const known = new Map<string, { mark: string; holds: boolean }>();
  return async (path: string): Promise<boolean> => {
    const real = await root.resolve(path);
    const found = real === undefined ? undefined : await stat(real).catch(() => undefined);
    if (found === undefined || found.size === 0) return false;
    const before = known.get(path);
    const mark = `${found.ino}:${found.mtimeMs}:${found.size}`;
    // What a file is once it goes on being while it grows.
    if (before !== undefined && (before.holds || before.mark === mark)) return before.holds;
    let holds = false;
    try {
      const file = await root.open(path);
      try {
        holds = await look(file, found.size);
      } finally {
        await file.close();
      }
    } catch {
      // What cannot be read is no run.
    }
    known.set(path, { mark, holds });
    return holds;
  };
}

export const createSniffer = (root: ServedFolder): Sniffer => ({
  holdsEpisodes: remember(root, beginsWithEpisode),
  isEvaluation: remember(root, isOfEvaluation),
});
