import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { ConfigError } from '@dgpo/trajectory';
import { version } from '../version.js';

/** Format of run directories; one of another format is not continued. */
const runFormat = 1;

/**
 * Notes in `version.json` which version of dgpo writes a run directory, and returns the one that wrote it first.
 *
 * @throws {ConfigError} when the run that is there has another format
 */
export function noteVersion(path: string): string {
  if (!existsSync(path)) {
    writeFileSync(path, `${JSON.stringify({ format: runFormat, version })}\n`);
    return version;
  }
  let noted: { format?: unknown; version?: unknown };
  try {
    noted = JSON.parse(readFileSync(path, 'utf8')) as typeof noted;
  } catch (cause) {
    throw new ConfigError('is damaged; delete it if this version of dgpo wrote the run', { where: path, cause });
  }
  const writer = String(noted.version);
  if (noted.format === runFormat) return writer;
  throw new ConfigError(
    `the run here was written by dgpo ${writer} (format ${noted.format}), and dgpo ${version} continues format ${runFormat}; resume with that version, or choose another output folder`,
    { where: path },
  );
}

/** ` (…)` when a run was begun by another version, whose defaults may be others. */
export const versionHint = (writer: string) =>
  writer === version ? '' : ` (the run was begun by dgpo ${writer}, this is ${version})`;
