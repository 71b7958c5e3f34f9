import { describe, expect, it } from 'vitest';
import type { Retriever } from '../retriever.js';
import { retrieveRun } from './retrieve-run.js';

const found = (...pairs: [string, number][]) => pairs.map(([id, score]) => ({ document: { id, contents: id }, score }));
const answering = (...pairs: [string, number][]): Retriever => ({
  retrieve: async ({ queries }) => queries.map(() => found(...pairs)),
});
const ask = async (retriever: Retriever) =>
  (await retrieveRun({ retriever, queries: [{ id: 'q', text: 'x' }], topK: 5 })).get('q');

describe('retrieveRun', () => {
  it('asks in groups and keeps order', async () => {
    const groups: number[] = [];
    const retriever: Retriever = {
      async retrieve({ queries, topK }) {
        groups.push(queries.length);
        return queries.map((query) => found([`${query}-${topK}`, 1]));
      },
    };
    const queries = Array.from({ length: 150 }, (_, position) => ({ id: `q${position}`, text: `t${position}` }));
    const run = await retrieveRun({ retriever, queries, topK: 3 });
    expect(groups).toEqual([64, 64, 22]);
    expect(run.size).toBe(150);
    expect(run.get('q149')).toEqual([{ id: 't149-3', score: 1 }]);
  });

  it('keeps scores that fall, and takes rising or absent ones at their order', async () => {
    expect(await ask(answering(['a', 3], ['b', 3], ['c', 1]))).toEqual([
      { id: 'a', score: 3 },
      { id: 'b', score: 3 },
      { id: 'c', score: 1 },
    ]);
    const counted = [
      { id: 'a', score: 2 },
      { id: 'b', score: 1 },
    ];
    expect(await ask(answering(['a', 1], ['b', 7]))).toEqual(counted);
    expect(await ask(answering(['a', 0], ['b', 0]))).toEqual(counted);
    expect(await ask(answering(['a', Number.NaN], ['b', 1]))).toEqual(counted);
    expect(await ask(answering(['a', 0.25], ['a', 0.25]))).toEqual([{ id: 'a', score: 0.25 }]);
  });

  it('stops when it is told to', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    const queries = [{ id: 'q', text: 'x' }];
    await expect(retrieveRun({ retriever: answering(['a', 1]), queries, topK: 1, signal })).rejects.toThrow('enough');
  });
});
