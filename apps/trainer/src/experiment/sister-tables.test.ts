import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { PlayedModelRun, SisterRun } from './sister-run.js';
import { writeSistersReport } from './write-sisters-report.js';

const folder = mkdtempSync(join(tmpdir(), 'dgpo-sisters-'));
afterAll(() => rmSync(folder, { recursive: true }));

const share = (correct: string) => [...correct].filter((right) => right === '1').length / correct.length;

/** The first half of the tasks is of the family heat, the second of the family put. */
function model(name: string, correct: string, rewards?: number[]): PlayedModelRun {
  const score =
    rewards === undefined ? share(correct) : rewards.reduce((sum, reward) => sum + reward, 0) / rewards.length;
  const half = correct.length / 2;
  const summary = (part: string) => ({
    episodes: part.length,
    success: share(part),
    score,
    steps: name === 'base' ? 3 : 2.5,
    tokens: name === 'base' ? 40 : 30,
    invalid: 0,
  });
  return {
    name,
    sets: [
      {
        name: 'unseen',
        tasks: 'a',
        correct,
        ...(rewards === undefined ? {} : { rewards }),
        play: {
          ...summary(correct),
          errors: 0,
          categories: [
            { category: 'heat', ...summary(correct.slice(0, half)) },
            { category: 'put', ...summary(correct.slice(half)) },
          ],
        },
      },
    ],
    cost: { questions: 4, calls: 12, promptTokens: 100, policyTokens: 20 },
    curves:
      name === 'hint-distillation'
        ? {
            loss: [
              [1, 2],
              [2, 1],
            ],
          }
        : {},
  };
}

const run = (seed: number, models: PlayedModelRun[]): SisterRun => ({
  row: 'household',
  seed,
  commit: '',
  keys: {},
  models,
});

it('two results make a table with intervals over seeds, families, paired differences and curves', () => {
  const resultsDir = join(folder, 'two');
  mkdirSync(join(resultsDir, 'runs'), { recursive: true });
  const runs = [
    run(0, [model('base', '0000'), model('hint-distillation', '1111')]),
    run(1, [model('base', '0001'), model('hint-distillation', '1101')]),
  ];
  for (const one of runs) writeFileSync(join(resultsDir, 'runs', `household-${one.seed}.json`), JSON.stringify(one));
  writeSistersReport({ resultsDir });
  const table = readFileSync(join(resultsDir, 'table.md'), 'utf8');
  const cells = table
    .split('\n')
    .map((line) => line.replaceAll(/ +/g, ' ').replaceAll(' |', '|').replaceAll('| ', '|'));
  expect(cells).toContain('### On unseen, 4 tasks');
  // 0 and 25 %: 12.5 ± 12.706 · 12.5, cut to what a share can be.
  expect(cells).toContain('|base|2|12.5 [0.0, 100.0]|12.5 [0.0, 100.0]|3.0 [3.0, 3.0]|40 [40, 40]|0.0|');
  expect(cells).toContain('|hint distillation|100.0|75.0|');
  // Seed by seed +100 and +50: a half width of 12.706 · 25. Task by task +100, +100, +50, +50.
  expect(cells).toContainEqual(
    expect.stringMatching(/^\|hint distillation less base\|unseen\|2\|\+75\.0 \[.*\]\|\[−242\.6, \+392\.6\]\|$/),
  );
  expect(cells).toContain('|hint distillation less base|unseen|2|−0.5 [−0.5, −0.5]|−10 [−10, −10]|');
  // Where the reward is 1 for right and 0 for wrong, the score says nothing more.
  expect(table).not.toContain('score in points');
  // What has not been run is not there, nor is what nobody timed.
  expect(table).not.toMatch(/plain SFT|Shop|Cost of a question/);
  expect(table).toContain('](loss-household.svg)');
  expect(readFileSync(join(resultsDir, 'loss-household.svg'), 'utf8')).toContain('hint distillation');
});

it('rewards between right and wrong are compared as scores', () => {
  const resultsDir = join(folder, 'scores');
  mkdirSync(join(resultsDir, 'runs'), { recursive: true });
  const runs = [
    run(0, [model('base', '0000', [0, 0.5, 0.5, 0]), model('hint-distillation', '0000', [0.5, 0.5, 0.5, 0.5])]),
    run(1, [model('base', '0001', [0, 0.5, 0.5, 1]), model('hint-distillation', '0001')]),
  ];
  for (const one of runs) writeFileSync(join(resultsDir, 'runs', `household-${one.seed}.json`), JSON.stringify(one));
  writeSistersReport({ resultsDir });
  const table = readFileSync(join(resultsDir, 'table.md'), 'utf8').replaceAll(/ +/g, ' ');
  const [success = '', score = ''] = table.split('| score in points');
  expect(success).toMatch(/hint distillation less base \| unseen \| 2 \| 0\.0 \[0\.0, 0\.0\] \| \[0\.0, 0\.0\]/);
  // Seed by seed 25 and -25 points: what has no rewards of its own counts 1 for right and 0 for wrong.
  expect(score).toMatch(/hint distillation less base \| unseen \| 2 \| 0\.0 \[.*\] \| \[−317\.6, \+317\.6\]/);
});

it('tasks that differ are not compared, and no runs make no table', () => {
  const resultsDir = join(folder, 'others');
  mkdirSync(join(resultsDir, 'runs'), { recursive: true });
  expect(() => writeSistersReport({ resultsDir })).toThrow('has no runs of this experiment');
  expect(existsSync(join(resultsDir, 'table.md'))).toBe(false);
  const [base, distilled] = [model('base', '0000'), model('hint-distillation', '1111')];
  const others = { ...distilled, sets: distilled.sets.map((set) => ({ ...set, tasks: 'b' })) };
  writeFileSync(join(resultsDir, 'runs', 'household-0.json'), JSON.stringify(run(0, [base, others])));
  writeSistersReport({ resultsDir });
  expect(readFileSync(join(resultsDir, 'table.md'), 'utf8')).not.toContain('less');
});
