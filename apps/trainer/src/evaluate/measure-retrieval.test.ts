import { createBm25Retriever } from '@dgpo/retriever';
import { expect, test } from 'vitest';
import { measureRetrieval } from './measure-retrieval.js';

const documents = [
  { id: '0', contents: 'Peru\nPeru pays in soles.' },
  { id: '1', contents: 'Chile\nChile pays in pesos.' },
  { id: '2', contents: 'Lima\nLima is the capital of a country.' },
];

test('recall of questions as they stand; sets without supporting titles are left out', async () => {
  const task = (id: string, question: string, titles?: string[]) => ({
    id,
    question,
    goldenAnswers: ['x'],
    ...(titles === undefined ? {} : { metadata: { supporting_facts: { title: titles } } }),
  });
  const scores = await measureRetrieval({
    retriever: createBm25Retriever({ documents }),
    sets: [
      {
        name: 'gold',
        tasks: [
          task('a', 'soles', ['Peru']),
          task('b', 'pesos', ['Chile', 'Lima']),
          task('c', 'capital', ['Chile']),
          task('d', 'no titles'),
        ],
      },
      { name: 'bare', tasks: [task('e', 'soles')] },
    ],
    topK: 1,
  });
  expect(scores).toEqual({ gold: { topK: 1, recall: 0.5, hit: 2 / 3, complete: 1 / 3, questions: 3 } });
});
