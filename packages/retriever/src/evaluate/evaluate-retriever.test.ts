import { readTasks, type Task } from '@dgpo/trajectory';
import { describe, expect, it } from 'vitest';
import { loadCorpus } from '../corpus/read-corpus.js';
import { createRetriever } from '../create-retriever.js';
import type { Retriever } from '../retriever.js';
import { evaluateRetriever } from './evaluate-retriever.js';

const task = (id: string, ...titles: string[]): Task => ({
  id,
  question: id,
  goldenAnswers: [],
  ...(titles.length > 0 && { metadata: { supporting_facts: { title: titles, sent_id: titles.map(() => 0) } } }),
});

/** Finds these titles, in this order, for the question of that id. */
const scripted = (found: Record<string, string[]>): Retriever => ({
  retrieve: async ({ queries, topK }) =>
    queries.map((query) =>
      (found[query] ?? [])
        .slice(0, topK)
        .map((title, rank) => ({ document: { id: title, contents: `"${title}"\ntext` }, score: -rank })),
    ),
});

describe('evaluateRetriever', () => {
  it('computes recall, any and all by hand', async () => {
    const retriever = scripted({ one: ['A', 'x', 'B'], two: ['x', 'x', 'C'], three: [] });
    const tasks = [task('one', 'A', 'B'), task('two', 'C', 'D'), task('three', 'E'), task('without')];
    // k = 1: shares 1/2, 0, 0. k = 3: shares 1, 1/2, 0.
    expect(await evaluateRetriever({ retriever, tasks, cutoffs: [3, 1] })).toEqual({
      questions: 3,
      skipped: 1,
      answerable: 0,
      cutoffs: [
        {
          k: 1,
          recall: 0.5 / 3,
          hit: 1 / 3,
          complete: 0,
          ndcg: 1 / 3,
          mrr: 1 / 3,
          map: 0.5 / 3,
          answerRecall: 0,
        },
        {
          k: 3,
          recall: 0.5,
          hit: 2 / 3,
          complete: 1 / 3,
          // Ranks 1 and 3 of two titles, rank 3 of two titles, nothing.
          ndcg: ((1 + 1 / 2) / (1 + 1 / Math.log2(3)) + 1 / 2 / (1 + 1 / Math.log2(3))) / 3,
          mrr: (1 + 1 / 3) / 3,
          map: ((1 + 2 / 3) / 2 + 1 / 3 / 2) / 3,
          answerRecall: 0,
        },
      ],
    });
  });

  it('counts a title once, however many passages have it', async () => {
    const retriever = scripted({ one: ['A', 'A', 'B'] });
    const { cutoffs } = await evaluateRetriever({ retriever, tasks: [task('one', 'A', 'B')], cutoffs: [2, 3] });
    expect(cutoffs).toMatchObject([
      { recall: 0.5, map: 0.5 },
      { recall: 1, map: (1 + 2 / 3) / 2 },
    ]);
  });

  it('finds answers as whole words, normalised, also for questions without titles', async () => {
    const passages = ['A\nThe party!', 'B\nan ART, gallery', 'C\nno'];
    const retriever: Retriever = {
      retrieve: async ({ queries }) =>
        queries.map(() => passages.map((contents, id) => ({ document: { id: String(id), contents }, score: -id }))),
    };
    const asking = (id: string, ...goldenAnswers: string[]): Task => ({ id, question: id, goldenAnswers });
    const tasks = [asking('1', 'Art'), asking('2', 'zebra', 'the party'), asking('3', 'no'), asking('4', 'ape')];
    const rankings: string[] = [];
    const { questions, skipped, answerable, cutoffs } = await evaluateRetriever({
      retriever,
      tasks,
      cutoffs: [1, 2],
      onRanking: (id, ranking) => rankings.push(`${id}: ${ranking.map((found) => found.id)}`),
    });
    expect([questions, skipped, answerable]).toEqual([0, 4, 3]);
    expect(cutoffs).toMatchObject([
      { k: 1, recall: 0, answerRecall: 1 / 3 },
      { k: 2, recall: 0, answerRecall: 2 / 3 },
    ]);
    expect(rankings).toEqual(['1: 0,1,2', '2: 0,1,2', '4: 0,1,2']);
  });

  it('refuses questions without supporting titles and bad cutoffs', async () => {
    const retriever = scripted({});
    await expect(evaluateRetriever({ retriever, tasks: [task('x')] })).rejects.toThrow(/supporting titles/);
    await expect(evaluateRetriever({ retriever, tasks: [task('x', 'A')], cutoffs: [0] })).rejects.toThrow(/cutoffs/);
  });
});

describe('on the HotpotQA excerpt (12 questions, 120 passages)', () => {
  const directory = new URL('../__fixtures__/hotpotqa-12/', import.meta.url).pathname;

  // Three passages at random would have recall 3 / 120 = 0.025.
  it.each([
    ['bm25', 0.75],
    ['flat', 0.7],
    ['hnsw', 0.7],
  ] as const)('%s finds most supporting passages among the first three', async (kind, threshold) => {
    const documents = await loadCorpus({ path: `${directory}corpus.jsonl` });
    const tasks: Task[] = [];
    for await (const item of readTasks(`${directory}questions.jsonl`)) tasks.push(item);
    const retriever = await createRetriever({ documents, kind, logger: () => undefined });
    const { questions, skipped, cutoffs } = await evaluateRetriever({ retriever, tasks, cutoffs: [3] });
    expect([documents.length, questions, skipped]).toEqual([120, 12, 0]);
    expect(cutoffs[0]?.recall).toBeGreaterThanOrEqual(threshold);
    expect(cutoffs[0]?.hit).toBeGreaterThanOrEqual(0.9);
  });
});
