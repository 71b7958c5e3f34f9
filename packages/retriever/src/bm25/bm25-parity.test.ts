import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { readJsonLines } from '@dgpo/trajectory';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { loadCorpus } from '../corpus/read-corpus.js';
import { createBm25Index } from './bm25-index.js';

const scored = z.array(
  z.object({
    idf: z.enum(['lucene', 'robertson']),
    k1: z.number(),
    b: z.number(),
    /** For each query passages and scores, best first. */
    found: z.array(z.array(z.tuple([z.number(), z.number()]))),
  }),
);
const fixture = z
  .object({
    hotpotqa: scored,
    random: z.array(z.object({ texts: z.array(z.string()), queries: z.array(z.string()), scores: scored })),
  })
  .parse(JSON.parse(await readFile(new URL('__fixtures__/bm25s.json', import.meta.url), 'utf8')));

function expectScores(texts: readonly string[], queries: readonly string[], expected: z.infer<typeof scored>) {
  for (const { found, ...settings } of expected) {
    const index = createBm25Index({ documents: texts.map((contents) => ({ contents })), ...settings });
    for (const [row, query] of queries.entries()) {
      const matches = index.search({ query, topK: texts.length });
      const scores = new Map(matches.map((match) => [match.index, match.score]));
      for (const [rank, [position, score]] of (found[row] ?? []).entries()) {
        expect(Math.abs((scores.get(position) ?? Number.NaN) - score)).toBeLessThan(1e-5);
        expect(Math.abs((matches[rank]?.score ?? Number.NaN) - score)).toBeLessThan(1e-5);
      }
    }
  }
}

it('scores HotpotQA passages as bm25s does', async () => {
  const folder = new URL('../__fixtures__/hotpotqa-12/', import.meta.url);
  const documents = await loadCorpus({ path: fileURLToPath(new URL('corpus.jsonl', folder)) });
  const questions: string[] = [];
  const schema = z.looseObject({ question: z.string() });
  for await (const { question } of readJsonLines(fileURLToPath(new URL('questions.jsonl', folder)), { schema })) {
    questions.push(question);
  }
  expect(fixture.hotpotqa.map(({ found }) => found.map((best) => best.length))).toEqual(
    fixture.hotpotqa.map(() => questions.map(() => 5)),
  );
  expectScores(
    documents.map(({ contents }) => contents),
    questions,
    fixture.hotpotqa,
  );
});

it('scores random corpora as bm25s does, and finds as many passages', () => {
  for (const { texts, queries, scores } of fixture.random) {
    expectScores(texts, queries, scores);
    for (const { found, ...settings } of scores) {
      const index = createBm25Index({ documents: texts.map((contents) => ({ contents })), ...settings });
      expect(queries.map((query) => index.search({ query, topK: texts.length }).length)).toEqual(
        found.map((matches) => matches.length),
      );
    }
  }
});
