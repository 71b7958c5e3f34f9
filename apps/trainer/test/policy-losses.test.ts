import { exactKl, topKKl } from '@dgpo/rl';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GradientResult } from '../src/compute/gradient.js';
import type { PolicyJob } from '../src/compute/policy-job.js';
import type { ComputePool } from '../src/compute/pool.js';
import { scoredCount } from '../src/compute/scored-rows.js';
import type { EpisodeRow } from '../src/train/episode-rows.js';
import { openTinyWorld, sampledRows, type TinyWorld, tinyParameters, withPool } from './tiny-world.js';

let world: TinyWorld;
beforeAll(async () => {
  world = await openTinyWorld();
});
afterAll(() => world.close());

/** One made-up figure per scored token, which goes with its token into whatever micro-batch it falls. */
const figures = (rows: readonly EpisodeRow[], figure: (tokenId: number, position: number, logProb: number) => number) =>
  Float32Array.from(
    rows.flatMap(({ tokenIds, mask, logProbs }) => {
      let next = 0;
      return [...tokenIds].flatMap((id, index) =>
        mask[index] === 1 ? [figure(id, index, logProbs[next++] as number)] : [],
      );
    }),
  );

/** A policy that has moved from the one that sampled, so that ratios differ from 1 and some are clipped. */
const movedJob = (rows: EpisodeRow[], changes: Partial<PolicyJob>): PolicyJob => ({
  kind: 'policy',
  student: 'sampled',
  rows,
  oldLogProbs: figures(rows, (id, position, logProb) => logProb + 0.3 * Math.sin(3 * id + position)),
  advantages: figures(rows, (id, position) => Math.sin(id + position)),
  weights: figures(rows, (id) => 0.01 * (1 + (id % 3))),
  loss: { name: 'clip' },
  entropyCoefficient: 0.01,
  temperature: 1,
  ...changes,
});

const klOf = (rows: EpisodeRow[]): NonNullable<PolicyJob['kl']> => ({
  referenceLogProbs: figures(rows, (id, position, logProb) => logProb + 0.5 * Math.cos(id - position)),
  weights: figures(rows, (id) => (id % 2 === 0 ? 0.02 : 0)),
  estimator: 'k3',
  direction: 'reverse',
  importanceWeighted: true,
  biased: false,
});

/** Three tokens of every place, of which the second is missing at times. */
const topKOf = (rows: EpisodeRow[]): NonNullable<PolicyJob['topK']> => {
  const ids = [...figures(rows, (id) => id)];
  const size = world.config.vocabularySize;
  return {
    k: 3,
    tokenIds: Int32Array.from(ids.flatMap((id) => [id, id % 4 === 0 ? -1 : (id + 7) % size, (id + 31) % size])),
    logProbs: Float32Array.from(ids.flatMap((id) => [0.5, 0.3, 0.1].map((p) => Math.log(p - 0.01 * (id % 5))))),
    weights: figures(rows, (id) => (id % 2 === 0 ? 0.02 : 0)),
    direction: 'reverse',
  };
};

const forms: Record<string, (rows: EpisodeRow[]) => Partial<PolicyJob>> = {
  'clip-higher with a dual clip': () => ({
    loss: { name: 'clip', clipRatioLow: 0.1, clipRatioHigh: 0.3, dualClip: 1.1 },
  }),
  gspo: () => ({ loss: { name: 'gspo', clipRatioLow: 0.02, clipRatioHigh: 0.04 } }),
  cispo: () => ({ loss: { name: 'cispo', clipRatioLow: 1, clipRatioHigh: 0.1 } }),
  'importance weights': (rows) => ({ importanceWeights: figures(rows, (id) => 0.5 + 0.1 * (id % 7)) }),
  llds: () => ({ lldsCoefficient: 0.2 }),
  'a KL over sampled tokens': (rows) => ({ kl: klOf(rows) }),
  'a biased k2': (rows) => ({ kl: { ...klOf(rows), estimator: 'k2', importanceWeighted: false } }),
  'the exact KL at temperature 2': (rows) => ({
    temperature: 2,
    teacher: { name: 'teacher', direction: 'forward', weights: figures(rows, (id) => (id % 2 === 0 ? 0.02 : 0)) },
  }),
  'the KL over the most likely tokens': (rows) => ({ topK: topKOf(rows) }),
};

function added(results: readonly GradientResult[]): { loss: number; gradients: Float64Array } {
  const gradients = new Float64Array(results[0]?.gradients.length ?? 0);
  for (const result of results) {
    result.gradients.forEach((value, index) => {
      gradients[index] = (gradients[index] as number) + value;
    });
  }
  return { loss: results.reduce((total, { loss }) => total + loss, 0), gradients };
}

function expectSame(actual: ReturnType<typeof added>, expected: ReturnType<typeof added>): void {
  expect(Math.abs(actual.loss - expected.loss)).toBeLessThan(1e-5 * Math.max(1, Math.abs(expected.loss)));
  const scale = Math.max(...expected.gradients.map(Math.abs));
  expect(scale).toBeGreaterThan(1e-3);
  const differences = actual.gradients.map((value, index) => Math.abs(value - (expected.gradients[index] as number)));
  expect(Math.max(...differences)).toBeLessThan(1e-5 * Math.max(1, scale));
}

describe.each(Object.entries(forms))('policy jobs with %s', (_, changes) => {
  const job = (rows: EpisodeRow[]) => movedJob(rows, changes(rows));

  it('add up to the same, however episodes are cut and in whatever order they come', () =>
    withPool(world, 0, async (pool) => {
      const rows = await sampledRows(world, pool);
      const whole = added(await pool.run([job(rows)]));
      const reversed = rows.toReversed();
      for (const cut of [rows.map((row) => [row]), [reversed], [reversed.slice(0, 3), reversed.slice(3)]]) {
        expectSame(added(await pool.run(cut.map(job))), whole);
      }
    }));

  it('do not feel what stands under weight 0, were it NaN', () =>
    withPool(world, 0, async (pool) => {
      const rows = await sampledRows(world, pool);
      const poisoned = new Set(rows.slice(0, 3));
      const made = job(rows);
      const counts = rows.map(scoredCount);
      const mute = (values: Float32Array | undefined, by: number) => {
        let start = 0;
        const copy = values?.slice() ?? new Float32Array();
        rows.forEach((row, index) => {
          if (poisoned.has(row)) copy.fill(by, start, start + (counts[index] as number));
          start += counts[index] as number;
        });
        return copy;
      };
      const mutedJob = (by: number): PolicyJob => ({
        ...made,
        weights: mute(made.weights, 0),
        oldLogProbs: mute(made.oldLogProbs, by),
        advantages: mute(made.advantages, by),
        ...(made.importanceWeights === undefined ? {} : { importanceWeights: mute(made.importanceWeights, by) }),
        ...(made.teacher === undefined ? {} : { teacher: { ...made.teacher, weights: mute(made.teacher.weights, 0) } }),
        ...(made.topK === undefined
          ? {}
          : {
              topK: {
                ...made.topK,
                weights: mute(made.topK.weights, 0),
                // The whole of the tokens whose weight is 0 now.
                logProbs: made.topK.logProbs.map((value, at) =>
                  mute(made.topK?.weights, 0)[Math.floor(at / 3)] === 0 ? by : value,
                ),
              },
            }),
        ...(made.kl === undefined
          ? {}
          : {
              kl: {
                ...made.kl,
                weights: mute(made.kl.weights, 0),
                referenceLogProbs: mute(made.kl.referenceLogProbs, by),
              },
            }),
      });
      const [clean, dirty] = [await pool.run([mutedJob(-1)]), await pool.run([mutedJob(Number.NaN)])];
      expect(added(dirty)).toEqual(added(clean));
      expect(dirty[0]?.metrics).toEqual(clean[0]?.metrics);
      expect(Number.isFinite(dirty[0]?.loss)).toBe(true);
    }));
});

// The value of CISPO and of GSPO's token form means nothing by itself.
const { gspo: _, cispo: __, ...valued } = forms;

it.each(Object.entries(valued))('policy jobs with %s have the derivative of their value', (_name, changes) =>
  withPool(world, 0, async (pool) => {
    const rows = await sampledRows(world, pool);
    const made = movedJob(rows, changes(rows));
    const parameters = tinyParameters(world, 3);
    const [{ gradients } = { gradients: new Float32Array() }] = await pool.run([made]);
    const norm = Math.hypot(...gradients);
    const lossAt = async (step: number) => {
      const weights = parameters.map((value, index) => value + (step * (gradients[index] as number)) / norm);
      await pool.broadcast({ kind: 'model', name: 'sampled', config: world.config, valueHead: false, weights });
      return added(await pool.run([made])).loss;
    };
    const slope = ((await lossAt(2e-3)) - (await lossAt(-2e-3))) / 4e-3;
    expect(Math.abs(slope / norm - 1)).toBeLessThan(0.02);
  }),
);

/** Both models at one place of an episode, over the whole vocabulary, and what a job with some guidance makes of it. */
async function atOnePlace(pool: ComputePool, temperature: number) {
  const [row] = await sampledRows(world, pool);
  const last = (row as EpisodeRow).mask.lastIndexOf(1);
  const prefix = (row as EpisodeRow).tokenIds.slice(0, last + 1);
  const ending = (token: number) => {
    const tokenIds = prefix.slice();
    tokenIds[last] = token;
    return { tokenIds, mask: new Uint8Array(last + 1).fill(1, last) };
  };
  const rows = Array.from({ length: world.config.vocabularySize }, (_, token) => ending(token));
  const logProbs = async (model: string) =>
    (await pool.run([{ kind: 'score', model, what: 'log-probs', rows, temperature }]))[0] as Float32Array;
  const one = Float32Array.of(1);
  const guidanceLoss = async (guidance: Partial<PolicyJob>) => {
    const job = {
      ...movedJob([], {}),
      rows: [ending(5)],
      oldLogProbs: one,
      advantages: one,
      weights: one,
      temperature,
    };
    const [result] = await pool.run<PolicyJob>([{ ...job, ...guidance }]);
    return result?.metrics.guidanceLoss ?? Number.NaN;
  };
  return { student: await logProbs('sampled'), teacher: await logProbs('teacher'), guidanceLoss, weights: one };
}

const directions = ['reverse', 'forward'] as const;

it.each(directions)('the exact KL, %s, is that of the distributions that the temperature makes', (direction) =>
  withPool(world, 0, async (pool) => {
    const { student, teacher, guidanceLoss, weights } = await atOnePlace(pool, 1.7);
    const vocabularySize = world.config.vocabularySize;
    const [expected] = exactKl({ logProbs: student, referenceLogProbs: teacher, vocabularySize, direction }).kl;
    expect(expected).toBeGreaterThan(0.01);
    const found = await guidanceLoss({ teacher: { name: 'teacher', direction, weights } });
    expect(Math.abs(found - (expected as number))).toBeLessThan(1e-5);
  }),
);

it.each(directions)('the KL over the most likely tokens, %s, merges all others', (direction) =>
  withPool(world, 0, async (pool) => {
    const { student, teacher, guidanceLoss, weights } = await atOnePlace(pool, 1);
    const k = 4;
    const tokenIds = Int32Array.from(
      [...teacher.keys()].sort((a, b) => (teacher[b] ?? 0) - (teacher[a] ?? 0)).slice(0, k),
    );
    const [logProbs, referenceLogProbs] = [student, teacher].map((all) =>
      Float32Array.from(tokenIds, (id) => all[id] ?? 0),
    );
    const [expected] = topKKl({
      logProbs: logProbs as Float32Array,
      referenceLogProbs: referenceLogProbs as Float32Array,
      k,
      direction,
    }).kl;
    expect(expected).toBeGreaterThan(1e-3);
    const found = await guidanceLoss({
      topK: { k, tokenIds, logProbs: referenceLogProbs as Float32Array, direction, weights },
    });
    expect(Math.abs(found - (expected as number))).toBeLessThan(1e-5);
  }),
);
