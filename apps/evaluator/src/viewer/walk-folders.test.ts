import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openServedFolder } from './served-folder.js';
import { walkFolders } from './walk-folders.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'dgpo-walk-'));
  for (const path of ['a/x/y', 'a/z', 'a-b', 'b']) mkdirSync(join(directory, path), { recursive: true });
});
afterEach(() => rmSync(directory, { recursive: true }));

const walk = async (most = {}) => {
  const { folders, problems } = await walkFolders({
    root: openServedFolder(directory),
    most: { depth: 8, folders: 100, entries: 100, ...most },
  });
  return { paths: folders.map(({ path }) => path), problems };
};

test('folders come parents first, by path', async () => {
  expect(await walk()).toEqual({ paths: ['', 'a', 'a/x', 'a/x/y', 'a/z', 'a-b', 'b'], problems: [] });
});

const reason = (folders: number, entries: number) =>
  `holds more than ${folders} folders or ${entries} entries; the deepest were left out; serve a folder further in`;

test('where there are too many, the deepest are left out, and it is said', async () => {
  expect(await walk({ folders: 4 })).toEqual({
    paths: ['', 'a', 'a-b', 'b'],
    problems: [{ file: '.', line: null, reason: reason(4, 100) }],
  });
  // Three entries in the folder itself, two in a.
  expect(await walk({ entries: 5 })).toEqual({
    paths: ['', 'a'],
    problems: [{ file: '.', line: null, reason: reason(100, 5) }],
  });
  expect((await walk({ folders: 7 })).problems).toEqual([]);
});
