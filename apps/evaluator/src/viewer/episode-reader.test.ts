import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { put, record } from './__fixtures__/viewer-runs.js';
import type { FoundRun } from './discover-runs.js';
import { createEpisodeReader } from './episode-reader.js';
import { openServedFolder } from './served-folder.js';
import { createViewerRun, episodesVersion, findEpisode } from './viewer-run.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'dgpo-reader-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const path = 'evaluation.json';
const found: FoundRun = {
  id: '.',
  name: 'stage',
  kind: 'evaluation',
  parent: null,
  metrics: [],
  results: null,
  cost: null,
  sources: [{ path, name: path, format: 'stage', set: null, stage: null, step: null }],
  tokenFiles: [],
};

test('a stage whose file was removed and written again is another one', async () => {
  const folder = openServedFolder(directory);
  const read = createEpisodeReader(folder);
  const evaluate = async (answer: string) => {
    put(directory, path, JSON.stringify({ sets: [{ name: 'peru', trajectories: [record({ answer })] }] }));
    // The run vanished in between, so it is made anew.
    const run = createViewerRun(folder, found);
    for (const { file } of run.files) {
      file.notice(statSync(join(directory, path)));
      await file.advance();
    }
    const placed = findEpisode(run, `${path}:1`);
    return { version: episodesVersion(run), answer: placed && (await read(placed)).outcome.answer };
  };
  const [before, after] = [await evaluate('sol'), await evaluate('inti')];
  expect([before.answer, after.answer]).toEqual(['sol', 'inti']);
  expect(after.version).not.toBe(before.version);
});
