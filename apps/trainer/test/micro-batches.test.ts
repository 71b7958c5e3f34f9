import type { DivergenceName } from '@dgpo/distill';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DistillJob, Guide } from '../src/compute/distill-job.js';
import type { GradientResult } from '../src/compute/gradient.js';
import type { LanguageModelJob, ValueJob } from '../src/compute/jobs.js';
import type { PolicyJob } from '../src/compute/policy-job.js';
import { scoredCount } from '../src/compute/scored-rows.js';
import type { EpisodeRow } from '../src/train/episode-rows.js';
import { openTinyWorld, sampledRows, type TinyWorld, tinyParameters, withPool } from './tiny-world.js';

type GradientJob = LanguageModelJob | DistillJob | PolicyJob | ValueJob;

let world: TinyWorld;
beforeAll(async () => {
  world = await openTinyWorld();
});
afterAll(() => world.close());

/** One made-up figure per token, which goes with its token into whatever micro-batch it falls. */
const figures = (rows: readonly EpisodeRow[], figure: (tokenId: number, position: number) => number) =>
  Float32Array.from(
    rows.flatMap(({ tokenIds, mask }) =>
      [...tokenIds].flatMap((id, index) => (mask[index] === 1 ? [figure(id, index)] : [])),
    ),
  );

const weights = (rows: readonly EpisodeRow[]) => figures(rows, (id) => 0.01 * (1 + (id % 3)));

const guide = (name: DivergenceName): Guide => ({
  kind: 'divergence',
  name,
  beta: 0.1,
  lambda: 0.1,
  headThreshold: 0.5,
  temperature: 1,
});

const distillation = (rows: EpisodeRow[], parts: Partial<DistillJob>): DistillJob => ({
  kind: 'distill',
  student: 'sampled',
  teacher: 'teacher',
  rows,
  weights: weights(rows),
  ceWeight: 0,
  ...parts,
});

const kinds: Record<string, (rows: EpisodeRow[]) => GradientJob> = {
  'language-model': (rows) => ({ kind: 'language-model', model: 'sampled', rows, weights: weights(rows) }),
  'cold start': (rows) => distillation(rows, { ceWeight: 1, guide: guide('fkl'), guideWeight: 0.5 }),
  'skew KL': (rows) => distillation(rows, { guide: guide('skew-rkl') }),
  TAID: (rows) => distillation(rows, { guide: { kind: 'taid', t: 0.4, temperature: 1 } }),
  MiniLLM: (rows) =>
    distillation(rows, {
      guide: guide('rkl'),
      sampled: {
        oldLogProbs: Float32Array.from(rows.flatMap(({ logProbs }) => [...logProbs])),
        advantages: figures(rows, (id, position) => Math.sin(id + position)),
        temperature: 1,
      },
    }),
  policy: (rows) => ({
    kind: 'policy',
    student: 'sampled',
    rows,
    oldLogProbs: Float32Array.from(rows.flatMap(({ logProbs }) => [...logProbs])),
    advantages: figures(rows, (id, position) => Math.sin(id + position)),
    weights: weights(rows),
    loss: { name: 'clip' },
    entropyCoefficient: 0.01,
    temperature: 1,
    teacher: {
      name: 'teacher',
      weights: figures(rows, (id) => (id % 2 === 0 ? 0.02 : 0)),
      direction: 'reverse',
    },
  }),
  value: (rows) => ({
    kind: 'value',
    critic: 'critic',
    rows,
    oldValues: figures(rows, (id) => 0.1 * Math.cos(id)),
    returns: figures(rows, (_, position) => Math.sin(position)),
    weights: weights(rows),
    clipRange: 0.5,
  }),
};

function added(results: readonly GradientResult[]) {
  const metrics: Record<string, number> = {};
  const gradients = new Float64Array(results[0]?.gradients.length ?? 0);
  let loss = 0;
  for (const result of results) {
    loss += result.loss;
    result.gradients.forEach((value, index) => {
      gradients[index] = (gradients[index] as number) + value;
    });
    for (const [name, value] of Object.entries(result.metrics)) metrics[name] = (metrics[name] ?? 0) + value;
  }
  return { loss, metrics, gradients };
}

describe.each(Object.entries(kinds))('%s jobs', (_, job) => {
  it('give the same sums whether eight episodes are one micro-batch, two or eight', () =>
    withPool(world, 0, async (pool) => {
      await pool.broadcast({
        kind: 'model',
        name: 'critic',
        config: world.config,
        valueHead: true,
        weights: tinyParameters(world, 5, true),
      });
      const rows = await sampledRows(world, pool);
      expect(rows).toHaveLength(8);
      expect(new Set(rows.map(({ tokenIds }) => tokenIds.length)).size).toBeGreaterThan(1);
      expect(rows.every((row) => scoredCount(row) > 0)).toBe(true);
      const whole = added(await pool.run([job(rows)]));
      const scale = Math.max(...whole.gradients.map(Math.abs));
      expect(scale).toBeGreaterThan(1e-3);
      for (const cut of [rows.map((row) => [row]), [rows.slice(0, 3), rows.slice(3)]]) {
        const parts = added(await pool.run(cut.map(job)));
        expect(Math.abs(parts.loss - whole.loss)).toBeLessThan(1e-5 * Math.max(1, Math.abs(whole.loss)));
        for (const [name, value] of Object.entries(whole.metrics)) {
          expect(Math.abs((parts.metrics[name] ?? Number.NaN) - value), name).toBeLessThan(
            1e-5 * Math.max(1, Math.abs(value)),
          );
        }
        const differences = parts.gradients.map((value, index) => Math.abs(value - (whole.gradients[index] as number)));
        expect(Math.max(...differences)).toBeLessThan(1e-5 * Math.max(1, scale));
      }
    }));
});

describe('score jobs', () => {
  it('give the log-probabilities that the sampler recorded', () =>
    withPool(world, 0, async (pool) => {
      const rows = await sampledRows(world, pool);
      const recorded = rows.flatMap(({ logProbs }) => [...logProbs]);
      for (const cut of [[rows], rows.map((row) => [row])]) {
        const scores = await pool.run(
          cut.map((part) => ({
            kind: 'score' as const,
            model: 'sampled',
            what: 'log-probs' as const,
            rows: part,
            temperature: 1,
          })),
        );
        const scored = scores.flatMap((score) => [...score]);
        expect(scored).toHaveLength(recorded.length);
        scored.forEach((value, index) => {
          expect(Math.abs(value - (recorded[index] as number))).toBeLessThan(1e-4);
        });
      }
    }));
});
