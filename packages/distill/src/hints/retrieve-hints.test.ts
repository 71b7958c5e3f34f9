import { ConfigError, type Task } from '@dgpo/trajectory';
import { describe, expect, test } from 'vitest';
import { createHintStore } from './hint-store.js';
import { createHintRetriever, type HintChooser } from './retrieve-hints.js';
import { chooseByBm25, chooseByTfIdf } from './score-hints.js';

const hints = [
  'Put down what you hold first.',
  'Search the fridge when the {object} is food.',
  'Use the lamp while you hold the {object}.',
  'Heat nothing that is already hot.',
];
const records = hints.map((text, index) => ({
  category: 'heat',
  hints: Array.from({ length: 9 - index }, () => text),
}));
const store = createHintStore({ records });
const task: Task = { id: 'a', question: 'look under the lamp', goldenAnswers: [], metadata: { type: 'heat' } };
const [first, fridge, lamp, hot] = hints;

describe('createHintRetriever', () => {
  test('the hints that share words with task and observation come first, the most frequent ones fill up', async () => {
    const retrieve = createHintRetriever({ store, k: 2 });
    expect(await retrieve({ task })).toEqual({ category: 'heat', hints: [lamp, fridge], tokens: 0 });
    expect((await retrieve({ task: { ...task, question: 'eat' }, observation: 'You see a fridge.' })).hints[0]).toBe(
      fridge,
    );
  });

  test.each(['bm25', 'tfidf'] as const)('%s: without words in common it is the first ones', async (method) => {
    const other = { ...task, question: 'Ω' };
    expect((await createHintRetriever({ store, method })({ task: other })).hints).toEqual([first, fridge, lamp]);
    expect((await createHintRetriever({ store, method, pad: false })({ task: other })).hints).toEqual([
      first,
      fridge,
      lamp,
    ]);
  });

  test('first is the order of the list; k is a limit', async () => {
    expect((await createHintRetriever({ store, method: 'first' })({ task })).hints).toEqual([first, fridge, lamp]);
    expect((await createHintRetriever({ store, k: 9 })({ task })).hints).toHaveLength(4);
    expect((await createHintRetriever({ store, k: 0 })({ task })).hints).toEqual([]);
  });

  test('a function chooses; what is out of range or double is left out', async () => {
    const method: HintChooser = async ({ k }) => ({ indices: [3, 3, 9, -1, 0.5], tokens: 40 + k });
    expect(await createHintRetriever({ store, method })({ task })).toEqual({
      category: 'heat',
      hints: [hot, first, fridge],
      tokens: 43,
    });
    expect((await createHintRetriever({ store, method, pad: false })({ task })).hints).toEqual([hot]);
  });

  test('a category may come from a classifier; one without hints, or none at all, gives no hints', async () => {
    const of = (categoryOf: () => string | null) =>
      createHintRetriever({ store, categoryOf, method: 'first' })({ task });
    expect((await of(() => 'heat')).hints).toHaveLength(3);
    expect(await of(() => 'cool')).toEqual({ category: 'cool', hints: [], tokens: 0 });
    expect(await of(() => null)).toEqual({ category: null, hints: [], tokens: 0 });
    const { metadata: _, ...bare } = task;
    expect((await createHintRetriever({ store: createHintStore({ records: [] }) })({ task: bare })).hints).toEqual([]);
  });

  test('options are checked', () => {
    expect(() => createHintRetriever({ store, k: -1 })).toThrow(ConfigError);
    expect(() => createHintRetriever({ store, method: 'constructor' as 'bm25' })).toThrow('method');
  });
});

test('scores rank by hand', async () => {
  const documents = ['a b', 'a a c', 'd'];
  // `c` is rarer than `a`; in the longer hint `a` stands twice, which with k1 1.2 and b 0.75 outweighs the length.
  expect(await chooseByBm25({ query: 'c a', hints: documents, k: 3 })).toEqual({ indices: [1, 0] });
  expect(await chooseByBm25({ query: 'a', hints: documents, k: 3 })).toEqual({ indices: [1, 0] });
  expect(await chooseByTfIdf({ query: 'D?', hints: documents, k: 3 })).toEqual({ indices: [2] });
  expect(await chooseByTfIdf({ query: 'a b', hints: documents, k: 3 })).toEqual({ indices: [0, 1] });
  expect(await chooseByBm25({ query: 'a', hints: [], k: 3 })).toEqual({ indices: [] });
  expect(await chooseByTfIdf({ query: '', hints: ['', '!'], k: 3 })).toEqual({ indices: [] });
});
