import { join } from 'node:path';
import { folderName, readManifest, stepsOf } from './checkpoint-folder.js';
import type { FileSystem } from './file-system.js';

/**
 * Removes what nobody will continue from: all but the newest `keep` checkpoints up to `step`, those after it (left over from before
 * a resume at an earlier step), and unfinished ones. The best of each checkpoint that stays is never removed.
 */
export async function pruneCheckpoints(options: {
  directory: string;
  /** Of the latest checkpoint. */
  step: number;
  keep: number;
  fileSystem: FileSystem;
}): Promise<void> {
  const { directory, step, keep, fileSystem } = options;
  const entries = await fileSystem.readdir(directory);
  const steps = stepsOf(entries);
  const kept = new Set(steps.filter((other) => other <= step).slice(0, Math.max(1, keep)));
  for (const newest of [...kept]) {
    const manifest = await readManifest(fileSystem, join(directory, folderName(newest))).catch(() => undefined);
    if (manifest?.best !== undefined) kept.add(manifest.best.step);
  }
  const unfinished = entries.filter((name) => /^checkpoint-\d+\.tmp$/.test(name));
  for (const name of [...steps.filter((other) => !kept.has(other)).map(folderName), ...unfinished]) {
    await fileSystem.rm(join(directory, name), { recursive: true, force: true });
  }
}
