import { passagesByTitle } from '@dgpo/arc';
import type { Task } from '@dgpo/trajectory';
import { expect, test } from 'vitest';
import { expertTurn } from '../atlas/expert.js';
import { createAtlas, evaluationTasks } from '../atlas/index.js';
import { goldEvidence } from './gold-evidence.js';

const corpus = passagesByTitle(
  [
    'Peru\nPeru lies in South America.',
    'Peru\nThe currency of Peru is the sol.',
    'Peru\nThe capital of Peru is Lima.',
    'Peru\nPeru has llamas.',
    'Lima\nLima lies by the sea.',
  ].map((contents) => ({ contents })),
);

const task = (question: string, goldenAnswers: string[], titles: string[]): Task => ({
  id: question,
  question,
  goldenAnswers,
  metadata: { supporting_facts: { title: titles, sent_id: titles.map(() => 0) } },
});

test('the passage with the answer first, then the one that the hop before needs, in corpus order', () => {
  const asked = task('What money is used in the country whose capital is Lima?', ['sol'], ['Peru']);
  expect(goldEvidence({ task: asked, corpus })).toEqual([
    'Peru\nThe currency of Peru is the sol.',
    'Peru\nThe capital of Peru is Lima.',
  ]);
  expect(goldEvidence({ task: asked, corpus, passagesPerTitle: 1 })).toEqual([
    'Peru\nThe currency of Peru is the sol.',
  ]);
});

test('an answer in a title alone is no evidence', () => {
  const asked = task('Which country has llamas?', ['Peru'], ['Peru']);
  // Most bodies name Peru; the question shares most words with the last.
  expect(goldEvidence({ task: asked, corpus, passagesPerTitle: 1 })).toEqual(['Peru\nPeru has llamas.']);
});

test('words of the other titles lead to the link between them', () => {
  const asked = task('By what does the chief city of Peru lie?', ['the sea'], ['Peru', 'Lima']);
  expect(goldEvidence({ task: asked, corpus, passagesPerTitle: 1 })).toEqual([
    'Peru\nThe capital of Peru is Lima.',
    'Lima\nLima lies by the sea.',
  ]);
});

test('without all titles there is no evidence', () => {
  expect(goldEvidence({ task: task('?', ['x'], ['Peru', 'Atlantis']), corpus })).toEqual([]);
  expect(goldEvidence({ task: { id: 'a', question: '?', goldenAnswers: ['x'] }, corpus })).toEqual([]);
});

test('in the demo world the evidence is enough for the scripted expert, and little more', () => {
  const atlas = createAtlas({ inventedCountries: 80 });
  const byTitle = passagesByTitle(atlas.corpus);
  const tasks = evaluationTasks({ atlas, split: 'facts', count: 300 });
  for (const asked of tasks) {
    const evidence = goldEvidence({ task: asked, corpus: byTitle });
    expect(evidence.length).toBeGreaterThan(0);
    expect(evidence.length).toBeLessThanOrEqual(4);
    const observations: string[][] = [];
    let turn = expertTurn({ task: asked, observations });
    while (!turn.includes('<answer>')) {
      observations.push(evidence);
      turn = expertTurn({ task: asked, observations });
    }
    expect(asked.goldenAnswers).toContain(/<answer>(.*)<\/answer>/.exec(turn)?.[1]);
  }
});
