import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { put, record } from './__fixtures__/viewer-runs.js';
import { createEpisodeFile, type EpisodeFile } from './episode-file.js';
import { createCauseFinder } from './find-causes.js';
import { openServedFolder } from './served-folder.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'dgpo-causes-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const failed = (id: string) => record({ id, correct: false, answer: 'inti' });
const lines = (...records: object[]) => records.map((line) => `${JSON.stringify(line)}\n`).join('');

const open = () => {
  const folder = openServedFolder(directory);
  const source = { path: 'log.jsonl', name: 'log.jsonl', format: 'lines', set: null, stage: null, step: null } as const;
  return { file: createEpisodeFile(folder, source), finder: createCauseFinder(folder) };
};

async function index({ file }: EpisodeFile): Promise<void> {
  file.notice(statSync(join(directory, 'log.jsonl')));
  while (file.isPending) await file.advance();
}

test('a file that is read anew has its causes found anew, also where it now starts with what was right', async () => {
  const { file, finder } = open();
  put(directory, 'log.jsonl', lines(record({ id: 'a' }), failed('b')));
  await index(file);
  while (await finder.advance(file));
  expect(file.episodes.map(({ cause }) => cause)).toEqual([null, 'evidence-not-used']);
  // Shorter, so it is another file: its second episode stands where the last one did that was handled.
  put(directory, 'log.jsonl', lines(failed('c'), record({ id: 'd', answer: 's', golden: ['s'] })));
  await index(file);
  while (await finder.advance(file));
  expect(file.episodes.map(({ taskId, cause }) => [taskId, cause])).toEqual([
    ['c', 'evidence-not-used'],
    ['d', null],
  ]);
});

test('a byte order mark loses no cause', async () => {
  const { file, finder } = open();
  put(directory, 'log.jsonl', `\uFEFF${lines(failed('a'), failed('b'))}`);
  await index(file);
  while (await finder.advance(file));
  expect(file.episodes.map(({ cause }) => cause)).toEqual(['evidence-not-used', 'evidence-not-used']);
});

test('a line that has become unreadable loses its own cause alone', async () => {
  const { file, finder } = open();
  const [first, second] = [lines(failed('a')), lines(failed('b'))];
  put(directory, 'log.jsonl', first + second);
  await index(file);
  put(directory, 'log.jsonl', `${'x'.repeat(first.length - 1)}\n${second}`);
  while (await finder.advance(file));
  expect(file.episodes.map(({ cause }) => cause)).toEqual([null, 'evidence-not-used']);
});
