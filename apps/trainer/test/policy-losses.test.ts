import { exactKl } from '@dgpo/rl';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GradientResult } from '../src/compute/gradient.js';
import type { PolicyJob } from '../src/compute/policy-job.js';
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

it('the exact KL is that of the distributions that the temperature makes', () =>
  withPool(world, 0, async (pool) => {
    const [row] = await sampledRows(world, pool);
    const last = (row as EpisodeRow).mask.lastIndexOf(1);
    const prefix = (row as EpisodeRow).tokenIds.slice(0, last + 1);
    const size = world.config.vocabularySize;
    const ending = (token: number) => {
      const tokenIds = prefix.slice();
      tokenIds[last] = token;
      return { tokenIds, mask: new Uint8Array(last + 1).fill(1, last) };
    };
    const temperature = 1.7;
    const rows = Array.from({ length: size }, (_, token) => ending(token));
    const logProbs = async (model: string) =>
      (await pool.run([{ kind: 'score', model, what: 'log-probs', rows, temperature }]))[0] as Float32Array;
    const [student, teacher] = [await logProbs('sampled'), await logProbs('teacher')];
    const one = Float32Array.of(1);
    for (const direction of ['reverse', 'forward'] as const) {
      const [expected] = exactKl({ logProbs: student, referenceLogProbs: teacher, vocabularySize: size, direction }).kl;
      const [result] = await pool.run<PolicyJob>([
        {
          ...movedJob([], {}),
          rows: [ending(5)],
          oldLogProbs: one,
          advantages: one,
          weights: one,
          temperature,
          teacher: { name: 'teacher', direction, weights: one },
        },
      ]);
      expect(expected).toBeGreaterThan(0.01);
      expect(Math.abs((result?.metrics.guidanceLoss ?? 0) - (expected as number))).toBeLessThan(1e-5);
    }
  }));
