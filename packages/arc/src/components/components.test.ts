import { ConfigError, ModelError, type Task } from '@dgpo/trajectory';
import { describe, expect, test } from 'vitest';
import { goldPassages } from './gold-passages.js';
import { passagesByTitle } from './passages-by-title.js';
import type { ReadingRequest } from './read-gold-passages.js';
import { sourceReferencing } from './source-referencing.js';
import { thinking } from './thinking.js';

const task = (id: string, titles: string[], goldenAnswers = ['sol']): Task => ({
  id,
  question: `question ${id}`,
  goldenAnswers,
  metadata: { supporting_facts: { title: titles, sent_id: titles.map(() => 0) } },
});

const corpus = passagesByTitle([
  { contents: '"Peru"\nA country.' },
  { contents: 'Money of Peru\nThe sol.' },
  { contents: 'Long\none' },
  { contents: 'Long\ntwo' },
  { contents: 'Long\nthe sol' },
]);

describe('goldPassages', () => {
  test('follows the titles of the task', () => {
    expect(goldPassages({ task: task('a', ['money of peru', 'Peru']), corpus })).toEqual([
      'Money of Peru\nThe sol.',
      '"Peru"\nA country.',
    ]);
  });

  test('is empty if evidence is missing or not named', () => {
    expect(goldPassages({ task: task('a', ['Peru', 'Atlantis']), corpus })).toEqual([]);
    expect(goldPassages({ task: { id: 'a', question: '', goldenAnswers: [] }, corpus })).toEqual([]);
  });

  test('prefers passages with the answer when an article was cut into many', () => {
    expect(goldPassages({ task: task('a', ['Long']), corpus, passagesPerTitle: 2 })).toEqual([
      'Long\none',
      'Long\nthe sol',
    ]);
    expect(() => goldPassages({ task: task('a', ['Long']), corpus, passagesPerTitle: 0 })).toThrow(RangeError);
  });
});

describe('reading gold passages', () => {
  const tasks = [task('a', ['Peru']), task('b', ['Money of Peru']), task('c', ['Atlantis']), task('d', ['Peru'])];
  const gold = (item: Task) => goldPassages({ task: item, corpus });

  test('asks only what can be read, and scores the answers', async () => {
    const seen: ReadingRequest[] = [];
    const score = await sourceReferencing({
      tasks,
      goldPassages: gold,
      answerFrom: async (requests) => {
        seen.push(...requests);
        return ['The Sol', 'sol or so', ' '];
      },
    });
    expect(seen).toEqual([
      { question: 'question a', passages: ['"Peru"\nA country.'], think: false },
      { question: 'question b', passages: ['Money of Peru\nThe sol.'], think: false },
      { question: 'question d', passages: ['"Peru"\nA country.'], think: false },
    ]);
    expect(score.exactMatch).toMatchObject({ mean: 1 / 3, count: 3 });
    expect(score.coverExactMatch.mean).toBeCloseTo(2 / 3, 12);
    // 1, then sol of sol, or, so: 2 · 1 / (1 + 3), then 0
    expect(score.f1.mean).toBeCloseTo(1.5 / 3, 12);
    expect(score.answered.mean).toBeCloseTo(2 / 3, 12);
    expect(score.skippedTasks).toBe(1);
    expect(score.episodes.map(({ taskId, exactMatch }) => [taskId, exactMatch])).toEqual([
      ['a', 1],
      ['b', 0],
      ['d', 0],
    ]);
  });

  test('thinking differs in what it asks for', async () => {
    let isThinking = false;
    await thinking({
      tasks,
      goldPassages: gold,
      answerFrom: async (requests) => {
        isThinking = requests.every(({ think }) => think);
        return requests.map(() => 'sol');
      },
    });
    expect(isThinking).toBe(true);
  });

  test('a task about which the model could not be asked is counted and left out', async () => {
    const score = await thinking({ tasks, goldPassages: gold, answerFrom: async () => ['sol', null, 'dollar'] });
    expect(score.exactMatch).toMatchObject({ mean: 1 / 2, count: 2 });
    expect(score).toMatchObject({ skippedTasks: 1, failedTasks: 1 });
    expect(score.episodes.map(({ taskId }) => taskId)).toEqual(['a', 'd']);
  });

  test('says what is wrong', async () => {
    await expect(thinking({ tasks, goldPassages: gold, answerFrom: async () => ['one'] })).rejects.toThrow(ModelError);
    await expect(thinking({ tasks, goldPassages: () => [], answerFrom: async () => [] })).rejects.toThrow(ConfigError);
    expect((await thinking({ tasks: [], goldPassages: gold, answerFrom: async () => [] })).exactMatch.count).toBe(0);
  });
});
