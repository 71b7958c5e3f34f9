import { expect, it } from 'vitest';
import type { MethodRun, SetResult } from './method-run.js';
import { pairedRows } from './paired-rows.js';

const set = (name: string, correct: string): SetResult => ({
  name,
  correct,
  exactMatch: [...correct].filter((right) => right === '1').length / correct.length,
  byHops: {},
  validActionRate: 1,
  executedSearches: 1,
  firstQueryAnswerHit: 1,
  sourceReferencing: null,
  thinking: null,
  meanTokens: 1,
});

const run = (row: string, seed: number, fiction: string, facts: string): MethodRun => ({
  row,
  method: row,
  seed,
  commit: '',
  keys: {},
  stageSeconds: {},
  trainedTokens: 0,
  collapsed: null,
  steps: 1,
  sets: [set('fiction', fiction), set('facts', facts)],
  curves: {},
});

const labels = new Map([
  ['ppo', 'PPO'],
  ['dgpo', 'DGPO'],
  ['kd', 'KD'],
]);

it('compares on the seeds that both have, in the order of the table', () => {
  const runs = [
    run('dgpo', 1, '1111', '1100'),
    run('dgpo', 0, '1111', '1100'),
    run('ppo', 0, '0000', '1100'),
    run('kd', 0, '1111', '0111'),
    run('kd', 1, '1110', '0011'),
    run('kd', 2, '0000', '0000'),
  ];
  expect(pairedRows({ candidate: 'dgpo', runs, labels })).toEqual([
    // Every question differs alike, so no draw of questions differs.
    ['PPO', '1', '+100.0 [+100.0, +100.0]', '–', '0.0 [0.0, 0.0]', '–'],
    // By seed 0 and 25 points: a half width of 12.706 · 12.5.
    [
      'KD',
      '2',
      expect.stringMatching(/^\+12\.5 \[0\.0, \+37\.5\]$/),
      '[−146.3, +171.3]',
      expect.any(String),
      expect.any(String),
    ],
  ]);
});

it('has nothing to say without the candidate', () => {
  expect(pairedRows({ candidate: 'dgpo', runs: [run('kd', 0, '1', '1')], labels })).toEqual([]);
});
