import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readTasks } from '@dgpo/trajectory';
import { describe, expect, it } from 'vitest';
import { createAtlas } from './atlas.js';
import { exportAtlas } from './export-atlas.js';
import { evaluationTasks } from './tasks.js';

describe('exportAtlas', () => {
  it('writes FlashRAG JSONL that reads back, the same bytes each time', async () => {
    const atlas = createAtlas({ inventedCountries: 160 });
    const directory = await mkdtemp(join(tmpdir(), 'atlas-'));
    try {
      const options = { atlas, directory: join(directory, 'a'), trainCount: 100, evaluationCount: 60 };
      const paths = await exportAtlas(options);
      const facts = [];
      for await (const task of readTasks(paths.facts)) facts.push(task);
      expect(facts).toEqual(evaluationTasks({ atlas, split: 'facts', count: 60 }));
      const corpus = (await readFile(paths.corpus, 'utf8')).trimEnd().split('\n');
      expect(corpus.map((line) => JSON.parse(line))).toEqual(atlas.corpus);
      const record = JSON.parse((await readFile(paths.train, 'utf8')).split('\n')[0] ?? '');
      expect(Object.keys(record).sort()).toEqual(['golden_answers', 'id', 'metadata', 'question']);
      const again = await exportAtlas({ ...options, directory: join(directory, 'b') });
      for (const name of ['corpus', 'train', 'fiction', 'facts'] as const) {
        expect(await readFile(again[name], 'utf8')).toBe(await readFile(paths[name], 'utf8'));
      }
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});
