import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildIndex, loadCorpus } from '@dgpo/retriever';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openRetriever } from '../compute/open-retriever.js';
import { retrieverSchema } from '../recipe/data-sections.js';
import { indexStage } from './index-stage.js';

let root: string;
let corpus: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'dgpo-stages-'));
  corpus = join(root, 'corpus.jsonl');
  const passages = ['Peru\nThe capital of Peru is Lima.', 'Chile\nThe capital of Chile is Santiago.'];
  writeFileSync(corpus, passages.map((contents, id) => `${JSON.stringify({ id: `${id}`, contents })}\n`).join(''));
});
afterAll(() => rmSync(root, { recursive: true }));

async function stage(retriever: Record<string, unknown>, controller = new AbortController()) {
  const lines: string[] = [];
  const source = await indexStage({
    workshop: {
      run: { path: join(root, 'run') },
      reporter: {
        stage: (name, text) => lines.push(`${name}: ${text}`),
        line: (text) => lines.push(text),
      },
      signal: controller.signal,
    },
    corpus,
    retriever: retrieverSchema.parse(retriever),
  });
  return { source, lines };
}

async function search(source: Awaited<ReturnType<typeof stage>>['source']) {
  const retriever = await openRetriever(source);
  try {
    const [found] = await retriever.retrieve({ queries: ['capital of Chile'], topK: 1 });
    return found?.[0]?.document.id;
  } finally {
    await retriever.close();
  }
}

it.each(['bm25', 'flat', 'hybrid'])('indexes the corpus of the recipe: %s', async (kind) => {
  const { source, lines } = await stage({ kind });
  expect(lines).toContain(`index: ${kind} over ${corpus}`);
  expect(await search(source)).toBe('1');
});

it('ends with the reason of an interrupt, and is built when the run goes on', async () => {
  const controller = new AbortController();
  const reason = new Error('Ctrl-C');
  const building = stage({ kind: 'bm25', k1: 1.5 }, controller);
  controller.abort(reason);
  await expect(building).rejects.toBe(reason);
  const { source } = await stage({ kind: 'bm25', k1: 1.5 });
  expect(await search(source)).toBe('1');
});

it('takes an index that is there, and knows it by its fingerprint', async () => {
  const directory = join(root, 'wiki');
  const { fingerprint } = await buildIndex({ documents: await loadCorpus({ path: corpus }), directory });
  const { source, lines } = await stage({ kind: 'index', path: directory });
  expect(source).toEqual({ directory, key: fingerprint });
  expect(lines).toEqual([`index: bm25 in ${directory}, 2 passages`]);
  expect(await search(source)).toBe('1');
  await expect(stage({ kind: 'index', path: join(root, 'absent') })).rejects.toThrow(/absent: there is no index here/);
});
