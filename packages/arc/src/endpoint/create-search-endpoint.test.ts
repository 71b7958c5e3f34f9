import { afterEach, expect, test } from 'vitest';
import { openFakeEndpoint } from './__fixtures__/fake-endpoint.js';
import { createSearchEndpoint } from './create-search-endpoint.js';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function open(result: unknown, topK = 3) {
  const server = await openFakeEndpoint(() => ({ body: { result } }));
  closing.push(server.close);
  return createSearchEndpoint({ retriever: server.url, topK, retries: 0 });
}

const passage = (contents: string) => ({ document: { id: 7, contents }, score: 2 });

test('passages of every shape that servers send, no more than asked for', async () => {
  const search = await open([[passage('a'), { document: 'b', score: 1 }, { id: 'c', contents: 'c' }, passage('d')]]);
  expect(await search(['q'])).toEqual([
    [
      { document: { id: '7', contents: 'a' }, score: 2 },
      { document: { id: '', contents: 'b' }, score: 1 },
      { document: { id: 'c', contents: 'c' }, score: 0 },
    ],
  ]);
});

test.each([
  ['no list for a query', [null]],
  ['a passage without text', [[{ title: 'Peru', text: 'sol' }]]],
  ['fewer lists than queries', []],
])('%s is an error, not an empty result', async (_, result) => {
  const search = await open(result);
  await expect(search(['q'])).rejects.toMatchObject({ name: 'RetrieverError', message: /expected/ });
});
