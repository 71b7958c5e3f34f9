import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { hasCode } from './file-system.js';

/** True for rates and wall times, which differ between equal runs and so live in a file of their own. */
export const isTiming = (name: string) =>
  name.startsWith('perf/') || name.startsWith('timing_s/') || name === 'step_time';

/**
 * Cuts a JSONL file of metrics back to a step: lines of `stage` after `step` go, and so does a torn last line. Lines of other
 * stages stay.
 */
export function rewindMetrics(options: { path: string; stage: string; step: number }): void {
  const { path, stage, step } = options;
  if (!existsSync(path)) return;
  const text = readFileSync(path, 'utf8');
  const kept = text
    .split('\n')
    .slice(0, -1)
    .filter((line) => {
      const entry = readEntry(line);
      return entry !== undefined && (entry.stage !== stage || entry.step <= step);
    })
    .map((line) => `${line}\n`)
    .join('');
  if (kept === text) return;
  writeFileSync(`${path}.tmp`, kept);
  renameSync(`${path}.tmp`, path);
}

/** Bytes of a file of metrics, once they are on the disk; 0 where there is none. */
export async function metricsLength(path: string): Promise<number> {
  try {
    const file = await open(path, 'r+');
    try {
      await file.sync();
      return (await file.stat()).size;
    } finally {
      await file.close();
    }
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return 0;
    throw error;
  }
}

function readEntry(line: string): { stage: string; step: number } | undefined {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== 'object' || value === null || !('step' in value) || !('stage' in value)) return undefined;
    return { stage: String(value.stage), step: Number(value.step) };
  } catch {
    return undefined;
  }
}
