import { formatTable } from '@dgpo/arc';
import { expect, test } from 'vitest';
import { costReport } from '../cost/evaluation-cost.js';
import { leaderboard } from './leaderboard.js';
import { leaderboardNotes, leaderboardTable, renderLeaderboard } from './leaderboard-table.js';
import type { ResultFile } from './result-file.js';

/** Figures by benchmark as mean, low, high; each over 100 questions unless told otherwise. */
const result = (
  model: string,
  figures: Record<string, [mean: number, low: number, high: number, questions?: number | null]>,
  rest: Partial<ResultFile> = {},
): ResultFile => ({
  path: `${model}/results.json`,
  model,
  origin: 'dgpo-eval',
  higherIsBetter: true,
  sampling: 'greedy',
  figures: new Map(
    Object.entries(figures).map(([name, [mean, low, high, questions = 100]]) => [
      name,
      { figure: { mean, low, high, count: questions ?? 1 }, questions },
    ]),
  ),
  ...rest,
});

test('rows stand by benchmarks, then average, then name; the average of few says of how many', () => {
  const board = leaderboard({
    results: [
      result('part', { hotpotqa: [0.9, 0.8, 1] }),
      result('zeta', { hotpotqa: [0.2, 0.1, 0.3], musique: [0.1, 0, 0.2] }),
      result('alpha', { musique: [0.2, 0.1, 0.3], hotpotqa: [0.1, 0, 0.2] }),
      result('good', { hotpotqa: [0.5, 0.4, 0.6], musique: [0.1, 0, 0.2] }),
    ],
  });
  expect(board.benchmarks).toEqual(['hotpotqa', 'musique']);
  expect(board.rows.map(({ name }) => name)).toEqual(['good', 'alpha', 'zeta', 'part']);
  const [good] = board.rows;
  // (0.5 + 0.1) / 2, with half of √(0.1² + 0.1²) to both sides
  expect(good?.average).toMatchObject({ mean: 0.3, count: 2 });
  expect(good?.average.low).toBeCloseTo(0.3 - Math.SQRT2 / 20, 12);
  expect(good?.average.high).toBeCloseTo(0.3 + Math.SQRT2 / 20, 12);
  const lines = formatTable(leaderboardTable(board)).split('\n');
  expect(lines[0]).toMatch(/^model +hotpotqa +musique +average +sampling$/);
  expect(lines[5]).toMatch(/^part +0\.900 \[0\.800, 1\.000\] ★ +– +0\.900 \[0\.800, 1\.000\] \(1 of 2\) +greedy$/);
});

test('a best is marked only where its interval lies apart from all others', () => {
  const low = result('low', { a: [0.1, 0.05, 0.15], b: [0.2, 0.1, 0.3] });
  const middle = result('middle', { a: [0.4, 0.3, 0.5], b: [0.3, 0.2, 0.4] });
  const high = result('high', { a: [0.6, 0.51, 0.7], b: [0.3, 0.2, 0.4] });
  const marks = (results: ResultFile[]) =>
    Object.fromEntries(
      leaderboard({ results }).rows.map(({ name, best, isBestAverage }) => [name, [...best, isBestAverage]]),
    );
  // Averages: 0.45 ± √(0.09² + 0.1²)/2 = 0.067 below, 0.35 ± 0.071
  expect(marks([low, middle, high])).toEqual({ high: ['a', false], middle: [false], low: [false] });
  expect(marks([low, high])).toEqual({ high: ['a', true], low: [false] });
  expect(marks([high])).toEqual({ high: [false] });
  const fewer = { ...low, higherIsBetter: false };
  expect(marks([fewer, { ...high, higherIsBetter: false }])).toEqual({ low: ['a', true], high: [false] });
  // Nothing is marked where files disagree on what is better, an interval is unknown, or other numbers of questions were asked.
  expect(marks([fewer, high])).toEqual({ low: [false], high: [false] });
  expect(marks([result('low', { a: [0.1, Number.NaN, Number.NaN] }), result('high', { a: [0.6, 0.5, 0.7] })])).toEqual({
    low: [false],
    high: [false],
  });
  const short = [result('low', { a: [0.1, 0, 0.2, 20] }), high];
  expect(marks(short)).toEqual({ low: [false], high: [false] });
  expect(leaderboardNotes(leaderboard({ results: short }))).toContain(
    'On a the rows were asked 20 to 100 questions, so no best is marked there.',
  );
});

test('an interval of no width is taken for what so few questions can tell', () => {
  const marked = (questions: number) =>
    leaderboard({
      results: [result('right', { a: [1, 1, 1, questions] }), result('wrong', { a: [0.5, 0.5, 0.5, questions] })],
    }).rows[0]?.best;
  // 1 - 3/10 against 0.5 + 3/10; 1 - 3/20 against 0.5 + 3/20
  expect(marked(10)).toEqual([]);
  expect(marked(20)).toEqual(['a']);
});

test('one name of several files is told apart by the files', () => {
  const results = ['x', 'y'].map((folder) => result('tiny', { a: [0.1, 0, 0.2] }, { path: `${folder}/results.json` }));
  expect(leaderboard({ results }).rows.map(({ name }) => name)).toEqual([
    'tiny (x/results.json)',
    'tiny (y/results.json)',
  ]);
});

test('costs have columns where any row has them; the page needs nothing else and escapes names', () => {
  const line = { set: 'a', engine: 'wasm', peakMemoryBytes: 2 ** 30, taskId: '', modelCalls: 1, searches: 2, id: '0' };
  const cost = costReport([{ ...line, promptTokens: 9, policyTokens: 30, failed: false, seconds: 2 }]).overall;
  const results = [
    result('<b>fast</b>', { a: [0.1, 0, 0.2] }, { cost }),
    result('foreign', { a: [0.2, Number.NaN, Number.NaN, null] }, { origin: 'lm-eval', sampling: '' }),
  ];
  const board = leaderboard({ results });
  const lines = formatTable(leaderboardTable(board)).split('\n');
  const costHeads = 's/question +tokens/question +searches/question +tokens/s +peak MiB +engine +sampling';
  expect(lines[0]).toMatch(new RegExp(`^model +a +${costHeads}$`));
  expect(lines[2]).toMatch(/^foreign +0\.200 +– +– +– +– +– +– +–$/);
  expect(lines[3]).toMatch(/^<b>fast<\/b> +0\.100 \[0\.000, 0\.200\] +2 +30 +2 +15 +1024 +wasm +greedy$/);
  const html = renderLeaderboard(board, [{ path: 'x.json', reason: 'is no JSON: <' }]);
  expect(html).toContain('&lt;b&gt;fast&lt;/b&gt;');
  expect(html).toContain('is no JSON: &lt;');
  expect(html).not.toMatch(/<b>|https?:\/\/(?!www\.w3\.org)|<script src|<link/);
});
