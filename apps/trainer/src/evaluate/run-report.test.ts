import { mkdtempSync, rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatTable, scoreTrajectories } from '@dgpo/arc';
import type { Trajectory } from '@dgpo/trajectory';
import { afterAll, expect, test } from 'vitest';
import { disagreements } from './disagreements.js';
import { type RunReportResult, resultsTable } from './results-table.js';
import { writeRunReport } from './run-report.js';
import { trainingCurves } from './training-curves.js';

const folder = mkdtempSync(join(tmpdir(), 'dgpo-report-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const episode = (index: number, answer: string): Trajectory => ({
  id: `q${index}#0`,
  task: {
    id: `q${index}`,
    question: `Question ${index}?`,
    goldenAnswers: ['yes'],
    metadata: { hops: (index % 2) + 1 },
  },
  environment: 'search',
  sample: 0,
  segments: [{ kind: 'policy', text: `<answer>${answer}</answer>`, tokenIds: [1, 2, 3] }],
  actions: [{ turn: 0, kind: 'answer', text: `<answer>${answer}</answer>`, answer, executed: true }],
  outcome: { correct: answer === 'yes', reward: Number(answer === 'yes'), answer, endedBy: 'answer' },
});

const result = (name: string, answers: string[]): RunReportResult => ({
  name,
  sets: [{ name: 'facts', summary: scoreTrajectories(answers.map((answer, index) => episode(index, answer))) }],
});

test('the terminal table: percent by set and hops', () => {
  const results = [
    result('base', ['no', 'no', 'no', 'no']),
    { ...result('dgpo', ['yes', 'no', 'yes', 'yes']), seconds: 61.4 },
  ];
  expect(formatTable(resultsTable(results))).toMatchInlineSnapshot(`
    "model  facts  · 1 hop  · 2 hops  rewrites  searches  valid  seconds
    ─────  ─────  ───────  ────────  ────────  ────────  ─────  ───────
    base     0.0      0.0       0.0         –      0.00  100.0        –
    dgpo    75.0    100.0      50.0         –      0.00  100.0       61"
  `);
});

test('the report holds tables, charts, curves and episodes of one question side by side', async () => {
  const metricsPath = join(folder, 'metrics.jsonl');
  await writeFile(
    metricsPath,
    [
      { stage: 'cold-start', step: 1, loss: 2 },
      { stage: 'dgpo', step: 1, reward: 0.25, kl: 0.5 },
      { stage: 'dgpo', step: 2, reward: 0.5, kl: 'NaN' },
    ]
      .map((line) => `${JSON.stringify(line)}\n`)
      .join(''),
  );
  const path = join(folder, 'deep/report.html');
  await writeRunReport({
    path,
    title: 'A run',
    results: [result('base', ['no', 'no']), result('dgpo', ['yes', 'no'])],
    metricsPath,
    transcripts: [
      { label: 'base', trajectory: episode(0, 'no') },
      { label: 'dgpo', trajectory: episode(0, 'yes') },
      { label: 'dgpo', trajectory: episode(1, 'no') },
    ],
  });
  const html = await readFile(path, 'utf8');
  for (const heading of [
    'Exact match',
    'Capabilities on facts',
    'Exact match on facts',
    'Training reward',
    'KL to the teacher',
    'Loss, cold-start',
  ])
    expect(html).toContain(`<h3>${heading}</h3>`);
  expect(html.match(/<details class="transcript"/g)).toHaveLength(2);
  expect(html).toContain('<h3>base</h3>');
  expect(html).toContain('✓ dgpo');
});

test('curves: a line per stage, a torn last line and a missing file are fine, others are errors', async () => {
  const path = join(folder, 'curves.jsonl');
  const lines = Array.from({ length: 500 }, (_, step) =>
    JSON.stringify({ stage: 'dgpo', step, reward: step, loss: 1 }),
  );
  await writeFile(
    path,
    `${JSON.stringify({ stage: 'cold', step: 1, loss: 1, kl: 1 })}\n${JSON.stringify({ stage: 'ppo', step: 1, reward: 7 })}\n${lines.join('\n')}\n{"stage":"dg`,
  );
  const curves = await trainingCurves({ path });
  expect(curves.map(({ title }) => title)).toEqual(['Training reward', 'Loss, cold']);
  const [ppo, dgpo] = curves[0]?.series ?? [];
  expect(ppo).toEqual({ name: 'ppo', points: [[1, 7]], color: 1 });
  // 500 points in pieces of 3: the first is the mean of 0, 1, 2, the last that of 498, 499.
  expect(dgpo?.points).toHaveLength(167);
  expect(dgpo?.points[0]).toEqual([1, 1]);
  expect(dgpo?.points.at(-1)).toEqual([498.5, 498.5]);
  const [again] = await trainingCurves({ path, stages: ['base', 'dgpo'] });
  expect(again?.series.map(({ name, color }) => [name, color])).toEqual([
    ['dgpo', 1],
    ['ppo', 3],
  ]);
  expect(await trainingCurves({ path: join(folder, 'none.jsonl') })).toEqual([]);
  await writeFile(path, '{"stage":"a","step":1}\nnonsense\n');
  await expect(trainingCurves({ path })).rejects.toThrow('curves.jsonl:2: is not JSON');
});

test('disagreements: gains and losses in turn, then other differences; agreement is left out', () => {
  const play = (...answers: string[]) => answers.map((answer, index) => episode(index, answer));
  const shown = disagreements({
    sides: [
      { label: 'a', trajectories: play('no', 'no', 'yes', 'no', 'no', 'yes', 'no') },
      { label: 'b', trajectories: play('yes', 'yes', 'no', 'No.', 'maybe', 'yes') },
    ],
    count: 4,
  });
  const ids = shown.map(({ sides }) => sides.map(({ label, trajectory }) => `${label}${trajectory.task.id}`).join());
  expect(ids).toEqual(['aq0,bq0', 'aq2,bq2', 'aq1,bq1', 'aq4,bq4']);
});
