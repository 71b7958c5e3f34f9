import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatasetError } from '@dgpo/trajectory';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createHintStore } from './hint-store.js';
import { loadHintStore, readHintStore, saveHintStore } from './hint-store-file.js';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hints-'));
});
afterAll(() => rm(folder, { recursive: true }));

test('a store comes back as it was saved', async () => {
  const store = createHintStore({
    records: [
      { category: 'heat', hints: ['Open it.'] },
      { category: '__proto__', hints: ['Close it.'] },
    ],
  });
  const path = join(folder, 'store.json');
  await saveHintStore(path, store);
  expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(store);
  expect(await loadHintStore(path)).toEqual(store);
});

const category = { name: 'a', hints: [{ text: 'Open it.', mentions: 1 }], totalMentions: 1, removed: 0 };
test.each([
  ['version', null],
  ['version', { version: 2, categories: [] }],
  ['categories', { version: 1, categories: {} }],
  ['categories.1.name', { version: 1, categories: [category, category] }],
  ['categories.0.hints', { version: 1, categories: [{ ...category, hints: 'x' }] }],
  ['categories.0.hints.0.text', { version: 1, categories: [{ ...category, hints: [{ text: ' ', mentions: 1 }] }] }],
  [
    'categories.0.hints.0.mentions',
    { version: 1, categories: [{ ...category, hints: [{ text: 'a', mentions: -1 }] }] },
  ],
  ['categories.0.totalMentions', { version: 1, categories: [{ ...category, totalMentions: '1' }] }],
  ['categories.0.removed', { version: 1, categories: [{ ...category, removed: 0.5 }] }],
])('%s is checked', (where, value) => {
  expect(() => readHintStore(value, 'store.json')).toThrow(DatasetError);
  expect(() => readHintStore(value, 'store.json')).toThrow(`store.json: ${where}: expected`);
});

test('a missing file and one that is no JSON say so', async () => {
  await expect(loadHintStore(join(folder, 'none.json'))).rejects.toThrow(/none\.json.*cannot be read/);
  await writeFile(join(folder, 'torn.json'), '{"version":');
  await expect(loadHintStore(join(folder, 'torn.json'))).rejects.toThrow(/torn\.json.*expected JSON/);
});
