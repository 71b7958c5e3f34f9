import { readFileSync } from 'node:fs';

/** The version of this package. */
export function packageVersion(): string {
  // One level up from `src` as from `dist`.
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return version;
}
