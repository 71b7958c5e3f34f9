import { ModelError, type RetrievedDocument, RetrieverError, type Task } from '@dgpo/trajectory';
import { expect, test } from 'vitest';
import { passage } from '../__fixtures__/make-episode.js';
import { type QueryRequest, queryRewriting } from './query-rewriting.js';

const task = (id: string, goldenAnswers: string[], titles: string[] = []): Task => ({
  id,
  question: `question ${id}`,
  goldenAnswers,
  metadata: titles.length === 0 ? {} : { supporting_facts: { title: titles } },
});

const found: Record<string, RetrievedDocument[]> = {
  peru: [passage('Peru', 'Its capital is Lima.')],
  money: [passage('Money of Peru', 'The sol is the money.')],
};

const tasks = [
  task('a', ['sol'], ['Peru', 'Money of Peru']),
  task('b', ['sol'], ['Money of Peru']),
  task('c', ['yes'], ['Peru']),
  task('d', ['yes']),
  task('e', ['sol']),
];

const plans: Record<string, (string | null)[]> = { a: ['peru', ' money '], b: ['nothing'], c: [''], e: [null] };

const queryFrom = async (requests: readonly QueryRequest[]) =>
  requests.map(({ question, searches }) => {
    const plan = plans[question.slice(-1)] ?? [];
    return searches.length < plan.length ? (plan[searches.length] ?? null) : '';
  });

const searchFrom = async (queries: readonly string[]) => queries.map((query) => found[query] ?? []);

test('hits of the first and of any query, by answer and by title', async () => {
  const seen: QueryRequest[] = [];
  const score = await queryRewriting({
    tasks,
    searchFrom,
    queryFrom: (requests) => {
      seen.push(...requests);
      return queryFrom(requests);
    },
  });
  expect(score.episodes).toEqual([
    {
      taskId: 'a',
      question: 'question a',
      queries: ['peru', 'money'],
      ...{ firstQueryAnswerHit: 0, anyQueryAnswerHit: 1, firstQueryTitleHit: 1, anyQueryTitleHit: 1 },
      ...{ titleRecall: 1, executedSearches: 2 },
    },
    {
      taskId: 'b',
      question: 'question b',
      queries: ['nothing'],
      ...{ firstQueryAnswerHit: 0, anyQueryAnswerHit: 0, firstQueryTitleHit: 0, anyQueryTitleHit: 0 },
      ...{ titleRecall: 0, executedSearches: 1 },
    },
    {
      taskId: 'c',
      question: 'question c',
      queries: [],
      ...{ firstQueryAnswerHit: null, anyQueryAnswerHit: null, firstQueryTitleHit: 0, anyQueryTitleHit: 0 },
      ...{ titleRecall: 0, executedSearches: 0 },
    },
  ]);
  // By answer over a and b, by title over a, b and c.
  expect(score.firstQueryAnswerHit).toMatchObject({ mean: 0, count: 2 });
  expect(score.anyQueryAnswerHit).toMatchObject({ mean: 1 / 2, count: 2 });
  expect(score.firstQueryTitleHit).toMatchObject({ mean: 1 / 3, count: 3 });
  expect(score.executedSearches.mean).toBe(1);
  expect(score).toMatchObject({ skippedTasks: 1, failedTasks: 1 });
  expect(seen.find(({ searches }) => searches.length === 1)?.searches).toEqual([
    { query: 'peru', passages: ['"Peru"\nIts capital is Lima.'] },
  ]);
});

test('one search at most asks for the first query alone', async () => {
  const score = await queryRewriting({ tasks, queryFrom, searchFrom, maxSearches: 1 });
  expect(score.episodes[0]?.queries).toEqual(['peru']);
  expect(score.anyQueryAnswerHit).toEqual(score.firstQueryAnswerHit);
});

test('says what is wrong', async () => {
  await expect(queryRewriting({ tasks, queryFrom: async () => [], searchFrom })).rejects.toThrow(ModelError);
  await expect(queryRewriting({ tasks, queryFrom, searchFrom: async () => [] })).rejects.toThrow(RetrieverError);
  await expect(queryRewriting({ tasks, queryFrom, searchFrom, maxSearches: 0 })).rejects.toThrow('maxSearches');
  expect((await queryRewriting({ tasks: [], queryFrom, searchFrom })).executedSearches.count).toBe(0);
});
