import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeJsonLines, writeTasks } from '@dgpo/trajectory';
import type { Atlas } from './atlas.js';
import { atlasTasks, evaluationTasks } from './tasks.js';

export interface ExportAtlasOptions {
  atlas: Atlas;
  /** Made when it is not there; files of the same name are replaced. */
  directory: string;
  /** Number of questions to train on. @default 8000 */
  trainCount?: number;
  /** Number of questions of each held-out set. @default 1000 */
  evaluationCount?: number;
}

/** Where the files of an exported atlas lie. */
export interface ExportedAtlas {
  /** Passages, `{ id, contents }`. */
  corpus: string;
  /** Questions in FlashRAG JSONL. */
  train: string;
  fiction: string;
  facts: string;
}

/** Writes the corpus and the questions of an atlas as FlashRAG JSONL: corpus.jsonl, train.jsonl, fiction.jsonl and facts.jsonl. */
export async function exportAtlas(options: ExportAtlasOptions): Promise<ExportedAtlas> {
  const { atlas, directory, trainCount = 8000, evaluationCount = 1000 } = options;
  await mkdir(directory, { recursive: true });
  const path = (name: string) => join(directory, `${name}.jsonl`);
  const paths = { corpus: path('corpus'), train: path('train'), fiction: path('fiction'), facts: path('facts') };
  await writeJsonLines(paths.corpus, atlas.corpus);
  await writeTasks(paths.train, atlasTasks({ atlas, split: 'train', count: trainCount }));
  for (const split of ['fiction', 'facts'] as const) {
    await writeTasks(paths[split], evaluationTasks({ atlas, split, count: evaluationCount }));
  }
  return paths;
}
