import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createRandom, type RetrievedDocument } from '@dgpo/trajectory';
import { loadRetriever } from '../src/load-retriever.js';
import type { Document } from '../src/retriever.js';

const passages = 3000;

/** Words that are pronounceable enough to read in a message. */
function vocabulary(seed: number): string[] {
  const random = createRandom(seed).split('soak-words');
  const letters = () => random.pick([...'bdfklmnprst']) + random.pick([...'aeiou']);
  return Array.from({ length: 1500 }, () => Array.from({ length: 2 + random.integer(2) }, letters).join(''));
}

/** A corpus of passages drawn by a seed. */
export function drawCorpus(seed: number): Document[] {
  const words = vocabulary(seed);
  const random = createRandom(seed).split('soak-corpus');
  return Array.from({ length: passages }, (_, id) => {
    const text = Array.from({ length: 20 + random.integer(30) }, () => random.pick(words)).join(' ');
    return { id: String(id), contents: `"${random.pick(words)} ${id}"\n${text}` };
  });
}

export async function writeCorpus(directory: string, name: string, documents: readonly Document[]): Promise<string> {
  const path = join(directory, `${name}.jsonl`);
  await writeFile(path, documents.map((document) => `${JSON.stringify(document)}\n`).join(''));
  return path;
}

export interface Question {
  query: string;
  expected: RetrievedDocument[];
}

export const topK = 3;

/** Queries with the answers of the index itself. */
export async function drawQuestions(directory: string, seed: number): Promise<Question[]> {
  const words = vocabulary(seed);
  const random = createRandom(seed).split('soak-queries');
  const queries = Array.from({ length: 200 }, () =>
    Array.from({ length: 1 + random.integer(4) }, () => random.pick(words)).join(' '),
  );
  const retriever = await loadRetriever({ directory });
  const answers = await retriever.retrieve({ queries, topK });
  await retriever.close();
  return queries.map((query, index) => ({ query, expected: answers[index] ?? [] }));
}
