import { createDecoder, decoderConfig, getParameters, selectEngine } from '@dgpo/lm';
import { createRandom } from '@dgpo/trajectory';
import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { createComputePool } from '../compute/pool.js';
import { languageModelJobs, type WeightedRow } from './language-modelling.js';
import { microBatches } from './micro-batches.js';
import { createTrainedModel } from './trained-model.js';

const rowOf = (length: number) => ({ tokenIds: new Int32Array(length), mask: new Uint8Array(length).fill(1, 1) });
const rowsOf = (lengths: readonly number[]) => lengths.map(rowOf);
const cut = (lengths: readonly number[], microBatchSize: number, maxTokensPerMicroBatch?: number) =>
  microBatches({ rows: rowsOf(lengths), microBatchSize, maxTokensPerMicroBatch });

describe('microBatches', () => {
  it('cuts by count alone without a budget', () => {
    expect(cut([3, 9, 5, 9, 1], 2)).toEqual([[1, 3], [2, 0], [4]]);
  });

  it('takes more of shorter rows within a budget of padded tokens, and a row beyond it alone', () => {
    // 12 tokens: one row of 20; one of 8; two of 5 (padded to 5); then four of at most 3.
    expect(cut([5, 3, 20, 8, 3, 5, 2, 1], 8, 12)).toEqual([[2], [3], [0, 5], [1, 4, 6, 7]]);
    expect(cut([5, 3, 20, 8, 3, 5, 2, 1], 2, 12)).toEqual([[2], [3], [0, 5], [1, 4], [6, 7]]);
  });

  const lengths = fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 30 });
  test.prop([lengths, fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 90 })])(
    'every row once, within both limits, the longest first, and never a batch that the next row would have fitted into',
    (all, size, budget) => {
      const batches = cut(all, size, budget);
      expect(batches.flat().sort((a, b) => a - b)).toEqual(all.map((_, index) => index));
      const padded = (batch: readonly number[]) => batch.length * Math.max(...batch.map((index) => all[index] ?? 0));
      batches.forEach((batch, index) => {
        expect(batch.length).toBeLessThanOrEqual(size);
        if (batch.length > 1) expect(padded(batch)).toBeLessThanOrEqual(budget);
        const [next] = batches[index + 1] ?? [];
        if (next === undefined || batch.length === size) return;
        expect(padded([...batch, next])).toBeGreaterThan(budget);
      });
      const firsts = batches.map(([first]) => all[first ?? 0] ?? 0);
      expect(firsts).toEqual([...firsts].sort((a, b) => b - a));
    },
  );
});

/** Rows of 2 to 9 tokens, some of which are not learned, with weights of their own. */
function weightedRows(vocabularySize: number): WeightedRow[] {
  const random = createRandom(5);
  return [4, 9, 2, 7, 3, 9, 5, 6].map((length) => {
    const mask = Uint8Array.from({ length }, (_, index) => (index > 0 && (index === 1 || random.next() < 0.8) ? 1 : 0));
    return {
      tokenIds: Int32Array.from({ length }, () => random.integer(vocabularySize)),
      mask,
      weights: Float32Array.from(mask.filter((value) => value === 1)).map(() => 0.5 + random.next()),
    };
  });
}

it('one update of eight rows is the same in 1x8, in 8x1 and in batches of a budget, whatever the number of workers', async () => {
  const config = decoderConfig({
    vocabularySize: 32,
    hiddenSize: 16,
    numHiddenLayers: 2,
    numAttentionHeads: 2,
    maxPositionEmbeddings: 16,
  });
  const rows = weightedRows(config.vocabularySize);
  await selectEngine({ engine: 'cpu' });
  const decoder = createDecoder({ config, random: createRandom(1) });
  const parameters = (await getParameters(decoder)).slice();
  decoder.dispose();
  const update = async (limits: { microBatchSize: number; maxTokensPerMicroBatch?: number }, workers = 0) => {
    const pool = await createComputePool({ engine: 'cpu', workers });
    const model = await createTrainedModel({ pool, name: 'model', config, parameters });
    const jobs = languageModelJobs({ model: 'model', rows, ...limits });
    const result = await model.update({ jobs, learningRate: 1e-2 });
    const values = await model.parameters();
    model.dispose();
    await pool.close();
    return { ...result, values, sizes: jobs.map((job) => job.rows.length) };
  };
  const whole = await update({ microBatchSize: 8 });
  expect(whole.sizes).toEqual([8]);
  const single = await update({ microBatchSize: 1 });
  const budget = await update({ microBatchSize: 8, maxTokensPerMicroBatch: 15 });
  expect(budget.sizes).toEqual([1, 1, 2, 3, 1]);
  const onWorkers = await update({ microBatchSize: 8, maxTokensPerMicroBatch: 15 }, 2);
  expect(onWorkers.values).toEqual(budget.values);
  for (const other of [single, budget]) {
    expect(other.loss).toBeCloseTo(whole.loss, 5);
    expect(other.gradientNorm).toBeCloseTo(whole.gradientNorm, 5);
    const furthest = Math.max(...other.values.map((value, index) => Math.abs(value - (whole.values[index] ?? 0))));
    expect(furthest).toBeLessThan(1e-4);
  }
});
