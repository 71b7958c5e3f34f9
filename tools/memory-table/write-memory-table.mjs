/** Writes the table of docs/memory.md: `npm run docs:memory`. */
import { readFile, writeFile } from 'node:fs/promises';
import { withTable } from './memory-table.mjs';

const path = new URL('../../docs/memory.md', import.meta.url);
await writeFile(path, withTable(await readFile(path, 'utf8')));
