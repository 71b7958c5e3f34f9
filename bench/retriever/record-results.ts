import { mkdir, readFile, writeFile } from 'node:fs/promises';

const file = new URL('../results/retriever.json', import.meta.url);

/** What `bench/results/retriever.json` holds: figures of each bench by the name of what was measured. */
export type RetrieverResults = Record<string, Record<string, unknown>>;

export async function readResults(): Promise<RetrieverResults> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as RetrieverResults;
  } catch {
    return {};
  }
}

/** Adds the figures of one case to the results, or replaces those of an earlier run. */
export async function recordResults(bench: string, name: string, figures: unknown): Promise<void> {
  const results = await readResults();
  results[bench] = { ...results[bench], [name]: figures };
  await mkdir(new URL('.', file), { recursive: true });
  await writeFile(file, `${JSON.stringify(results, null, 2)}\n`);
}
