import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { evaluateRun, orderRanking, type RankedDocument, type RankingMetric } from './evaluate-run.js';
import { averagePrecision, ndcg, precisionAt, recallAt, reciprocalRank, successAt } from './ranking-metrics.js';

const ranking = (scores: Record<string, number>): RankedDocument[] =>
  Object.entries(scores).map(([id, score]) => ({ id, score }));
const judged = (grades: Record<string, number>) => new Map(Object.entries(grades));

describe('ranking metrics by hand', () => {
  // Found: grades 0, 2, 0, 1; one more relevant document of grade 3 was not found.
  const found = { relevances: [0, 2, 0, 1], judgements: [1, 3, 2, 0, -1] };

  it.each([
    ['P', precisionAt(found, 3), 1 / 3],
    ['P beyond the end', precisionAt(found, 8), 2 / 8],
    ['recall', recallAt(found, 2), 1 / 3],
    ['success', successAt(found, 1), 0],
    ['success', successAt(found, 2), 1],
    ['recip_rank', reciprocalRank(found), 1 / 2],
    ['recip_rank_cut', reciprocalRank(found, 1), 0],
    ['map', averagePrecision(found), (1 / 2 + 2 / 4) / 3],
    ['map_cut', averagePrecision(found, 3), 1 / 2 / 3],
    [
      'ndcg',
      ndcg(found),
      (2 / Math.log2(3) + 1 / Math.log2(5)) / (3 / Math.log2(2) + 2 / Math.log2(3) + 1 / Math.log2(4)),
    ],
    ['ndcg_cut', ndcg(found, 2), 2 / Math.log2(3) / (3 + 2 / Math.log2(3))],
  ])('%s', (_, figure, expected) => {
    expect(figure).toBeCloseTo(expected, 14);
  });

  it('are 0 when nothing is relevant or nothing is found', () => {
    for (const empty of [
      { relevances: [0, 0], judgements: [0, -1] },
      { relevances: [], judgements: [1] },
      { relevances: [], judgements: [] },
    ]) {
      for (const metric of [precisionAt, recallAt, successAt, reciprocalRank, averagePrecision, ndcg]) {
        expect(metric(empty, 5)).toBe(0);
      }
    }
  });
});

describe('orderRanking', () => {
  it('is that of trec_eval: by float32 score, then the greater id in UTF-8', () => {
    const ids = (scores: Record<string, number>) => orderRanking(ranking(scores)).map(({ id }) => id);
    expect(ids({ a: 1, c: 2, b: 2 })).toEqual(['c', 'b', 'a']);
    expect(ids({ a: 1 + 1e-9, b: 1 })).toEqual(['b', 'a']);
    expect(ids({ a: 1 + 1e-6, b: 1 })).toEqual(['a', 'b']);
    // In UTF-16 the emoji would come before the full-width tilde.
    expect(ids({ '\uFF5E': 1, '\u{1F600}': 1, d10: 1, d9: 1 })).toEqual(['\u{1F600}', '\uFF5E', 'd9', 'd10']);
  });
});

describe('evaluateRun', () => {
  const run = new Map([
    ['q1', ranking({ a: 2, b: 1 })],
    ['extra', ranking({ a: 1 })],
  ]);
  const qrels = new Map([
    ['q1', judged({ a: 1 })],
    ['q2', judged({ b: 1 })],
  ]);

  it('leaves out what is not judged and counts what is missing', () => {
    const options = { run, qrels, metrics: ['recip_rank', 'P'], cutoffs: [2] } as const;
    const figures = { recip_rank: 1, recip_rank_cut_2: 1, P_2: 0.5 };
    expect(evaluateRun({ ...options, complete: false })).toEqual({
      queries: 1,
      unjudged: 1,
      missing: 1,
      mean: figures,
      perQuery: new Map([['q1', figures]]),
    });
    const complete = evaluateRun(options);
    expect(complete).toMatchObject({ queries: 2, mean: { recip_rank: 0.5, recip_rank_cut_2: 0.5, P_2: 0.25 } });
    expect(complete.perQuery.get('q2')).toEqual({ recip_rank: 0, recip_rank_cut_2: 0, P_2: 0 });
  });

  it.each([
    [{ cutoffs: [0] }, /cutoffs/],
    [{ cutoffs: [] }, /cutoffs/],
    [{ metrics: ['mrr' as RankingMetric] }, /no metric "mrr"; there are ndcg, map/],
    [{ run: new Map(), complete: false }, /no query/],
    [{ qrels: new Map() }, /no query/],
    [{ run: new Map([['q1', ranking({ a: Number.NaN })]]) }, /not finite/],
    [{ run: new Map([['q1', [...ranking({ a: 1 }), ...ranking({ a: 2 })]]]) }, /occurs twice/],
  ])('refuses %j', (change, message) => {
    expect(() => evaluateRun({ run, qrels, ...change })).toThrow(message);
  });

  it('agrees with pytrec_eval on random runs to 1e-9', async () => {
    const figures = z.record(z.string(), z.number());
    const golden = z
      .object({
        cutoffs: z.array(z.number()),
        qrels: z.record(z.string(), figures),
        run: z.record(z.string(), figures),
        mean: figures,
        complete: figures,
        per_query: z.record(z.string(), figures),
      })
      .parse(JSON.parse(await readFile(new URL('__fixtures__/trec-eval.json', import.meta.url), 'utf8')));
    const options = {
      run: new Map(Object.entries(golden.run).map(([query, scores]) => [query, ranking(scores)])),
      qrels: new Map(Object.entries(golden.qrels).map(([query, grades]) => [query, judged(grades)])),
      cutoffs: golden.cutoffs,
    };
    const compare = (ours: Record<string, number> | undefined, theirs: Record<string, number>) => {
      expect(Object.keys(theirs)).toHaveLength(28);
      for (const [name, expected] of Object.entries(theirs)) {
        expect(Math.abs((ours?.[name] ?? Number.NaN) - expected), name).toBeLessThan(1e-9);
      }
    };
    const common = evaluateRun({ ...options, complete: false });
    expect([...common.perQuery.keys()].sort()).toEqual(Object.keys(golden.per_query).sort());
    expect(common.missing).toBeGreaterThan(0);
    expect(common.unjudged).toBeGreaterThan(0);
    compare(common.mean, golden.mean);
    compare(evaluateRun(options).mean, golden.complete);
    for (const [query, expected] of Object.entries(golden.per_query)) compare(common.perQuery.get(query), expected);
  });
});
