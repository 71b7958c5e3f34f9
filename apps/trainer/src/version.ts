import { readFileSync } from 'node:fs';

/** Version of this package. The file lies as deep as what it is built into. */
export const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};
