import type { Task } from '@dgpo/trajectory';
import { supportingTitles } from '@dgpo/trajectory';
import { describe, expect, it } from 'vitest';
import { createAtlas } from './atlas.js';
import { mostFrequentAnswerBaseline } from './most-frequent-answer.js';
import { atlasTasks, evaluationTasks } from './tasks.js';

const atlas = createAtlas();
const typesOf = (tasks: readonly Task[]) => new Set(tasks.map(({ metadata }) => metadata?.type));
const answerOf = (type: string, subject: string, tasks: readonly Task[]) =>
  tasks.find(({ metadata }) => metadata?.type === type && [metadata.subjects].flat()[0] === subject)?.goldenAnswers;

describe('atlasTasks', () => {
  it('gives the same tasks for the same seed, others for another, each once', () => {
    const tasks = atlasTasks({ atlas, split: 'train', count: 2000, seed: 1 });
    expect(atlasTasks({ atlas, split: 'train', count: 2000, seed: 1 })).toEqual(tasks);
    expect(atlasTasks({ atlas, split: 'train', count: 2000, seed: 2 })).not.toEqual(tasks);
    expect(new Set(tasks.map(({ id }) => id)).size).toBe(2000);
    expect(new Set(tasks.map(({ question }) => question)).size).toBe(2000);
  });

  it('asks about countries of the split only', () => {
    for (const split of ['train', 'fiction', 'facts'] as const) {
      const names = new Set(atlas.bySplit[split].map(({ name }) => name));
      const tasks = atlasTasks({ atlas, split, count: 1000 });
      expect(tasks.flatMap(supportingTitles).filter((title) => !names.has(title))).toEqual([]);
    }
  });

  it('asks all types of questions, half of one hop, or only of so many hops', () => {
    const tasks = atlasTasks({ atlas, split: 'train', count: 1000 });
    expect(typesOf(tasks).size).toBe(20);
    expect(tasks.filter(({ metadata }) => metadata?.hops === 1)).toHaveLength(500);
    const twoHops = atlasTasks({ atlas, split: 'facts', count: 100, hops: 2 });
    expect(twoHops.every(({ metadata }) => metadata?.hops === 2)).toBe(true);
    expect(typesOf(twoHops)).toContain('common-border');
    expect(typesOf(twoHops)).toContain('same-region');
  });

  it('knows the answers', () => {
    const tasks = ([1, 2] as const).flatMap((hops) => atlasTasks({ atlas, split: 'facts', count: hops * 3200, hops }));
    expect(answerOf('currency', 'Peru', tasks)).toEqual(['Peruvian sol']);
    expect(answerOf('currency-by-capital', 'Lima', tasks)).toEqual(['Peruvian sol']);
    expect(answerOf('language', 'Peru', tasks)).toEqual(['Aymara', 'Quechua', 'Spanish', 'Aymara, Quechua, Spanish']);
    expect(answerOf('country-by-currency', 'Peruvian sol', tasks)).toEqual(['Peru']);
    expect(answerOf('region-by-demonym', 'Peruvian', tasks)).toEqual(['South America']);
    const portugal = tasks.filter(
      ({ metadata }) => metadata?.type === 'common-border' && [metadata.subjects].flat().includes('Portugal'),
    );
    expect(portugal.length).toBeGreaterThan(0);
    expect(portugal.every(({ goldenAnswers }) => goldenAnswers[0] === 'Spain')).toBe(true);
    // Several countries pay with the euro, and two peoples are called Congolese.
    expect(tasks.filter(({ question }) => /\bEuro\b|Congolese people/.test(question))).toEqual([]);
  });

  it('says how many questions there are when asked for more', () => {
    expect(() => atlasTasks({ atlas, split: 'facts', count: 1e6, hops: 1 })).toThrow(/\d+ questions of 1 hop/);
    expect(() => atlasTasks({ atlas, split: 'facts', count: -1 })).toThrow(/at least 0/);
  });
});

describe('evaluationTasks', () => {
  it.each(['fiction', 'facts'] as const)('is one fixed list of distinct questions for %s', (split) => {
    const tasks = evaluationTasks({ atlas, split, count: 1500 });
    expect(evaluationTasks({ atlas: createAtlas(), split, count: 1500 })).toEqual(tasks);
    const asked = tasks.map(({ metadata }) => JSON.stringify([metadata?.type, metadata?.subjects]));
    expect(new Set(asked).size).toBe(1500);
    expect(tasks.filter(({ metadata }) => metadata?.hops === 1)).toHaveLength(750);
    expect(typesOf(tasks).size).toBe(20);
  });
});

describe('mostFrequentAnswerBaseline', () => {
  const task = (type: string, ...goldenAnswers: string[]): Task => ({
    id: '',
    question: '',
    goldenAnswers,
    metadata: { type },
  });

  it('guesses the best answer of each type', () => {
    const tasks = [
      task('a', 'x'),
      task('a', 'X', 'y'),
      task('a', 'y'),
      task('a', 'x'),
      task('b', 'no'),
      task('b', 'yes'),
    ];
    const baseline = mostFrequentAnswerBaseline(tasks);
    expect(baseline.types.a).toMatchObject({ exactMatch: 0.75, count: 4 });
    expect(baseline.types.b).toMatchObject({ exactMatch: 0.5, count: 2 });
    expect(baseline.exactMatch).toBe(4 / 6);
    expect(mostFrequentAnswerBaseline([])).toEqual({ exactMatch: 0, types: {} });
  });

  it('stays far below a reader', () => {
    for (const split of ['fiction', 'facts'] as const) {
      expect(mostFrequentAnswerBaseline(evaluationTasks({ atlas, split, count: 1000 })).exactMatch).toBeLessThan(0.2);
    }
  });
});
