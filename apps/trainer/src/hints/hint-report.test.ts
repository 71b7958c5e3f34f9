import { type HintReport, type HintSummary, summarizeHintEpisodes } from '@dgpo/distill/hints';
import type { Trajectory } from '@dgpo/trajectory';
import { expect, test } from 'vitest';
import type { ModelEvaluation } from '../evaluate/evaluate-model.js';
import { hintReportTables, hintTable, withRetrievalTokens } from './hint-report.js';

const summary = (success: number): HintSummary => ({
  ...{ episodes: 4, success, score: success, steps: 7.25, tokens: 1234.4, invalid: 0.5 },
});
const report = (success: number, families: readonly string[]): HintReport => ({
  ...summary(success),
  errors: 0,
  categories: families.map((category) => ({ category, ...summary(success) })),
});

test('models stand below one another, all tasks first, then each family', () => {
  const results = [
    { name: 'base', sets: [{ name: 'seen', play: report(0.25, ['put', 'cool']) }] },
    { name: 'distilled', sets: [{ name: 'seen', play: report(0.75, ['put']) }] },
  ];
  const { rows } = hintTable(results);
  expect(rows[0]).toEqual(['seen', 'all', 'base', '4', '25.0', '25.0', '7.3', '1234', '50.0']);
  expect(rows.map((cells) => cells.slice(1, 3))).toEqual([
    ['all', 'base'],
    ['all', 'distilled'],
    ['cool', 'base'],
    ['put', 'base'],
    ['put', 'distilled'],
  ]);
  const [table] = hintReportTables(results);
  expect(table?.title).toBe('Success and cost on seen');
  expect(table?.rows).toEqual(rows.map((cells) => cells.slice(1)));
});

test('what choosing hints took counts as tokens of an episode', () => {
  const trajectories = ['a', 'b'].map(
    (id) =>
      ({
        ...{ id, sample: 0, environment: 'household', policy: 'p' },
        task: { id, question: 'q', goldenAnswers: [], metadata: { type: 'put' } },
        segments: [
          { kind: 'prompt', text: 'xx', tokenIds: [1, 2] },
          { kind: 'policy', text: 'y', tokenIds: [3], logProbs: [0] },
        ],
        actions: [],
        outcome: { correct: true, reward: 1, answer: null, endedBy: 'answer' },
      }) as unknown as Trajectory,
  );
  const set = { name: 'seen', trajectories, play: summarizeHintEpisodes({ trajectories }) };
  const evaluation = { sets: [set] } as unknown as ModelEvaluation;
  const tokensOf = (tokens: ReadonlyMap<string, number>) =>
    withRetrievalTokens(evaluation, new Map([['seen', tokens]])).sets[0]?.play?.tokens;
  expect(tokensOf(new Map())).toBe(3);
  // Of two episodes one took 10.
  expect(tokensOf(new Map([['a', 10]]))).toBe(8);
});
