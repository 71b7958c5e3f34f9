import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { put, record } from './__fixtures__/viewer-runs.js';
import { openWorkspace, type Workspace } from './workspace.js';

let directory: string;
let workspace: Workspace | undefined;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'dgpo-discover-'));
});
afterEach(async () => {
  await workspace?.close();
  workspace = undefined;
  rmSync(directory, { recursive: true });
});

/** What is found at the first look. */
async function discover(below = '') {
  await workspace?.close();
  workspace = await openWorkspace({ directory: join(directory, below) });
  return workspace.runs().map(({ found }) => found);
}

describe('an evaluation that keeps its sets in folders', () => {
  const folders = ['nq', 'peru'];

  /** What `dgpo-eval run --out out` has written when each set has an episode. */
  function begin() {
    put(directory, 'out/settings.json', '{"formatVersion": 1, "settings": {}, "questions": {}}');
    for (const folder of folders) {
      put(directory, `out/${folder}/episodes.jsonl`, [record()]);
      put(directory, `out/${folder}/costs.jsonl`, [{ id: 'peru#0', seconds: 1 }]);
    }
  }

  /** And what it adds at the end. */
  function finish() {
    for (const folder of folders) put(directory, `out/${folder}/results.json`, '{}');
    put(directory, 'out/results.json', '{}');
    put(directory, 'out/cost.json', '{}');
  }

  const sources = folders.map((set) => ({
    path: `out/${set}/episodes.jsonl`,
    name: `${set}/episodes.jsonl`,
    format: 'lines',
    set,
    stage: null,
    step: null,
  }));

  test('is one run, the same while it is written and after', async () => {
    begin();
    put(directory, 'past/episodes.jsonl', [record()]);
    const [during, past, ...more] = await discover();
    expect(during).toMatchObject({ id: 'out', kind: 'evaluation', results: null, sources });
    expect([past?.id, more]).toEqual(['past/episodes.jsonl', []]);
    finish();
    const [after, ...others] = await discover();
    expect(after).toMatchObject({
      id: 'out',
      kind: 'evaluation',
      results: 'out/results.json',
      cost: 'out/cost.json',
      sources,
    });
    expect(others.map(({ id }) => id)).toEqual(['past/episodes.jsonl']);
  });

  test('is one run too where it is the folder that is served, or its settings are gone', async () => {
    begin();
    finish();
    rmSync(join(directory, 'out/settings.json'));
    const [run, ...others] = await discover('out');
    expect(run).toMatchObject({ id: '.', results: 'results.json' });
    expect(run?.sources.map(({ path, set }) => [path, set])).toEqual(
      folders.map((set) => [`${set}/episodes.jsonl`, set]),
    );
    expect(others).toEqual([]);
  });

  test('is told from a folder whose settings are of something else', async () => {
    put(directory, 'mine/settings.json', '{"theme": "dark"}');
    put(directory, 'mine/a/episodes.jsonl', [record()]);
    expect((await discover()).map(({ id, kind }) => [id, kind])).toEqual([['mine/a/episodes.jsonl', 'log']]);
  });
});

describe('a folder that is looked through in part', () => {
  test('says so where it is too deep', async () => {
    put(directory, 'log.jsonl', [record()]);
    put(directory, '1/2/3/4/5/6/7/8/log.jsonl', [record()]);
    expect((await discover()).map(({ id }) => id)).toEqual(['1/2/3/4/5/6/7/8/log.jsonl', 'log.jsonl'].reverse());
    expect(workspace?.problems()).toEqual([]);
    put(directory, '1/2/3/4/5/6/7/8/9/log.jsonl', [record()]);
    expect(await discover()).toHaveLength(2);
    expect(workspace?.problems()).toEqual([
      {
        file: '1/2/3/4/5/6/7/8/9',
        line: null,
        reason: 'is more than 8 folders down and was left out; serve a folder further in',
      },
    ]);
  });
});
