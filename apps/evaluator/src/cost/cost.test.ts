import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatTable } from '@dgpo/arc';
import type { Trajectory } from '@dgpo/trajectory';
import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { readCost, writeCost } from './cost-files.js';
import { createCostMeter } from './cost-meter.js';
import { costTable, describeCost } from './cost-table.js';
import { countEpisodeCost, type EpisodeCost } from './episode-cost.js';
import { addEvaluationCosts, costReport } from './evaluation-cost.js';

const episode: Trajectory = {
  id: 'q1#0',
  task: { id: 'q1', question: 'Where?', goldenAnswers: ['here'] },
  environment: 'search',
  sample: 0,
  segments: [
    { kind: 'prompt', text: 'Where?', tokenIds: [1, 2, 3] },
    { kind: 'policy', text: '<search>x</search>', tokenIds: [4, 5] },
    { kind: 'observation', text: 'passage', tokenIds: [6, 7, 8, 9] },
    { kind: 'policy', text: '<answer>here</answer>', tokenIds: [10] },
  ],
  actions: [
    { turn: 0, kind: 'search', text: '<search>x</search>', query: 'x', executed: true },
    { turn: 1, kind: 'search', text: '<search>y</search>', query: 'y', executed: false },
    { turn: 1, kind: 'answer', text: '<answer>here</answer>', answer: 'here', executed: true },
  ],
  outcome: { correct: true, reward: 1, answer: 'here', endedBy: 'answer' },
};

test('an episode shows its calls, tokens and executed searches', () => {
  // Read: 3 for the first turn, 3 + 2 + 4 for the second. Written: 2 + 1.
  const counted = { id: 'q1#0', taskId: 'q1', modelCalls: 2, searches: 1, failed: false };
  expect(countEpisodeCost(episode)).toEqual({ ...counted, promptTokens: 12, policyTokens: 3 });
  const text = { ...episode, segments: episode.segments.map(({ kind, text: words }) => ({ kind, text: words })) };
  expect(countEpisodeCost(text)).toEqual({ ...counted, promptTokens: null, policyTokens: null });
});

test('time is shared among the episodes that end together, and what passed before a restart belongs to none', () => {
  let time = 1000;
  let memory = 50;
  const meter = createCostMeter({ engine: 'cpu', now: () => time, peakMemory: () => memory });
  time += 3000;
  const [one, two] = meter.record(['a', 'b'].map((id) => ({ set: 'facts', trajectory: { ...episode, id } })));
  expect([one?.seconds, two?.seconds]).toEqual([1.5, 1.5]);
  time += 9000;
  expect(meter.record([])).toEqual([]);
  meter.restart();
  time += 250;
  memory = 60;
  const usage = { promptTokens: 100, policyTokens: 7 };
  expect(meter.record([{ set: 'facts', trajectory: episode, usage }])).toEqual([
    {
      set: 'facts',
      engine: 'cpu',
      id: 'q1#0',
      taskId: 'q1',
      modelCalls: 2,
      searches: 1,
      failed: false,
      promptTokens: 100,
      policyTokens: 7,
      seconds: 0.25,
      peakMemoryBytes: 60,
    },
  ]);
});

const line = (changes: Partial<EpisodeCost>): EpisodeCost => ({
  set: 'facts',
  id: 'q1#0',
  taskId: 'q1',
  engine: 'wasm',
  seconds: 2,
  modelCalls: 3,
  promptTokens: 100,
  policyTokens: 10,
  searches: 1,
  failed: false,
  peakMemoryBytes: 1000,
  ...changes,
});

test('sums, means over questions and the highest memory, by set and as a whole', () => {
  const { overall, sets } = costReport(
    [
      line({}),
      line({ id: 'q1#1', seconds: 4, policyTokens: 20, peakMemoryBytes: 3000 }),
      line({ set: 'fiction', seconds: 6, failed: true, peakMemoryBytes: 2000 }),
    ],
    { threads: 2 },
  );
  // Three episodes of two questions (q1 of facts, q1 of fiction) in 12 s with 40 tokens.
  expect(overall).toEqual({
    engine: 'wasm',
    threads: 2,
    questions: 2,
    episodes: 3,
    seconds: 12,
    secondsPerQuestion: 6,
    modelCalls: 9,
    searches: 3,
    promptTokens: 300,
    policyTokens: 40,
    tokensPerSecond: 40 / 12,
    peakMemoryBytes: 3000,
    errors: 1,
  });
  expect(sets).toMatchObject([
    { name: 'facts', cost: { questions: 1, episodes: 2, secondsPerQuestion: 6, tokensPerSecond: 5, errors: 0 } },
    { name: 'fiction', cost: { questions: 1, episodes: 1, secondsPerQuestion: 6, peakMemoryBytes: 2000 } },
  ]);
  expect(addEvaluationCosts(sets.map(({ cost }) => cost))).toEqual(overall);
});

test('what is not known stays unknown, and nothing is divided by 0', () => {
  const { overall } = costReport([line({}), line({ id: 'q2#0', policyTokens: null, engine: 'endpoint' })]);
  expect(overall).toMatchObject({ engine: 'wasm+endpoint', policyTokens: null, tokensPerSecond: null });
  expect(overall).not.toHaveProperty('threads');
  expect(costReport([]).overall).toMatchObject({ questions: 0, secondsPerQuestion: 0, tokensPerSecond: null });
});

const lines = fc.array(
  fc.record({
    set: fc.constantFrom('facts', 'fiction'),
    id: fc.constantFrom('q1#0', 'q1#1', 'q2#0'),
    seconds: fc.integer({ min: 0, max: 9 }),
    policyTokens: fc.integer({ min: 0, max: 9 }),
  }),
);

property.prop([lines])('an episode that was played again counts once, as it was played last', (played) => {
  const all = played.map((part) => line({ ...part, taskId: part.id.slice(0, 2) }));
  const last = all.filter(
    ({ set, id }, index) => !all.slice(index + 1).some((other) => other.set === set && other.id === id),
  );
  const sum = (name: 'seconds' | 'policyTokens') => last.reduce((total, part) => total + (part[name] ?? 0), 0);
  expect(costReport(all).overall).toMatchObject({
    episodes: last.length,
    seconds: sum('seconds'),
    policyTokens: sum('policyTokens'),
    questions: new Set(last.map(({ set, taskId }) => `${set} ${taskId}`)).size,
  });
});

test('the table gives what a question took; a dash where nobody knows', () => {
  const report = costReport([line({ policyTokens: null, seconds: 0.5, peakMemoryBytes: 3 * 2 ** 20 })]);
  expect(formatTable(costTable(report)).split('\n').slice(2)).toEqual([
    'seconds                    0.500',
    'tokens written                 –',
    'tokens read                  100',
    'model calls                    3',
    'searches                       1',
    'tokens written per second      –',
    'peak memory, MiB               3',
    'failed episodes                0',
  ]);
  const two = costReport([line({}), line({ set: 'fiction' })], { threads: 4 });
  expect(costTable(two).columns).toHaveLength(4);
  expect(describeCost(two.overall)).toMatch(/^Cost measured on wasm, 4 side by side: 2 episodes in 4 s of wall time;/);
});

test('files: what was written is read back; none is none; damage is an error', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'dgpo-cost-'));
  try {
    expect(await readCost({ directory })).toBeUndefined();
    const cost = costReport([line({}), line({ set: 'fiction', policyTokens: null })], { threads: 1 });
    await writeCost({ directory: join(directory, 'new'), cost });
    expect(await readCost({ directory: join(directory, 'new') })).toEqual(cost);
    const damaged = [
      '{"formatVersion": 1, "overall": {',
      JSON.stringify({ formatVersion: 2, ...cost }),
      JSON.stringify({ formatVersion: 1, ...cost, overall: { ...cost.overall, seconds: null } }),
      JSON.stringify({ formatVersion: 1, ...cost, sets: [{ name: 'facts' }] }),
    ];
    for (const text of damaged) {
      writeFileSync(join(directory, 'cost.json'), text);
      await expect(readCost({ directory })).rejects.toThrow(/cost\.json: is no/);
    }
    writeFileSync(join(directory, 'file'), '');
    await expect(writeCost({ directory: join(directory, 'file'), cost })).rejects.toThrow(/cannot be written/);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
