import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { createShuffledRetriever } from './shuffled-retriever.js';

const corpus = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ id: `d${index}`, contents: `Title ${index}\ntext ${index}` }));

/** Finds the documents whose numbers the query lists. */
const finder = (documents: ReturnType<typeof corpus>) => ({
  retrieve: async ({ queries }: { queries: readonly string[] }) =>
    queries.map((query) =>
      query.split(' ').flatMap((number, rank) => {
        const document = documents[Number(number)];
        return document === undefined ? [] : [{ document, score: 10 - rank }];
      }),
    ),
});

property.prop([fc.integer({ min: 2, max: 40 }), fc.nat()])(
  'every document is shown for another one, each exactly once',
  async (count, seed) => {
    const documents = corpus(count);
    const retriever = createShuffledRetriever({ retriever: finder(documents), documents, seed });
    const query = documents.map((_, index) => index).join(' ');
    const [shown = []] = await retriever.retrieve({ queries: [query], topK: count });
    expect(shown.map(({ document }) => document.id).sort()).toEqual(documents.map(({ id }) => id).sort());
    shown.forEach(({ document }, index) => {
      expect(document.id).not.toBe(`d${index}`);
      expect(document.contents).toBe(documents[Number(document.id.slice(1))]?.contents);
    });
  },
);

test('keeps ranks, scores and the number of passages; a seed chooses the order', async () => {
  const documents = corpus(50);
  const shuffled = async (seed: number) =>
    createShuffledRetriever({ retriever: finder(documents), documents, seed }).retrieve({
      queries: ['3 4', '4'],
      topK: 2,
    });
  const [pair = [], single = []] = await shuffled(1);
  expect(pair.map(({ score }) => score)).toEqual([10, 9]);
  expect(single.map(({ document }) => document.id)).toEqual([pair[1]?.document.id]);
  expect(await shuffled(1)).toEqual([pair, single]);
  expect(await shuffled(2)).not.toEqual([pair, single]);
});

test('one document cannot be shuffled', () => {
  const documents = corpus(1);
  expect(() => createShuffledRetriever({ retriever: finder(documents), documents, seed: 0 })).toThrow(RangeError);
});
