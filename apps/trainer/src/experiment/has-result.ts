import { existsSync, readFileSync } from 'node:fs';
import { ConfigError } from '@dgpo/trajectory';
import { stableJson } from '../run/stable-hash.js';
import type { MethodRun } from './method-run.js';

/**
 * Whether a row has run with these settings.
 * @throws ConfigError when its result was made with others, as before another tuning: one table does not mix them
 */
export function hasResult(path: string, keys: unknown): boolean {
  if (!existsSync(path)) return false;
  const run = JSON.parse(readFileSync(path, 'utf8')) as Pick<MethodRun, 'keys'>;
  if (stableJson(run.keys) === stableJson(keys)) return true;
  throw new ConfigError('it was made with other settings than it would have now; move it away to run it again', {
    where: path,
  });
}
