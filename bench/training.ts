import { createAdamW, createDecoder, getParameters, parameterCount } from '@dgpo/lm';
import { type ComputePool, createTrainedModel, languageModelJobs, type WeightedRow } from '@dgpo/trainer';
import { createRandom } from '@dgpo/trajectory';
import { median, secondsOf } from './measure.js';
import type { BenchSettings } from './settings.js';
import { createStockTrainer } from './stock-decoder.js';

/** What the size of an update depends on. */
type TrainingSize = Pick<BenchSettings, 'config' | 'rows' | 'tokensPerRow'>;

/** Rows of random tokens, every one after the first scored. */
export function randomRows(settings: TrainingSize): WeightedRow[] {
  const random = createRandom(1);
  return Array.from({ length: settings.rows }, () => ({
    tokenIds: Int32Array.from({ length: settings.tokensPerRow }, () => random.integer(settings.config.vocabularySize)),
    mask: Uint8Array.from({ length: settings.tokensPerRow }, (_, index) => (index === 0 ? 0 : 1)),
    weights: new Float32Array(settings.tokensPerRow - 1).fill(1),
  }));
}

async function initialParameters(settings: TrainingSize): Promise<Float32Array> {
  const decoder = createDecoder({ config: settings.config, random: createRandom(0) });
  const parameters = await getParameters(decoder);
  decoder.dispose();
  return parameters;
}

/** What the trainer does for one update of a language model: micro-batches on the pool, AdamW, weights to the workers. */
export async function createUpdate(options: {
  settings: TrainingSize;
  pool: ComputePool;
}): Promise<{ run: () => Promise<number>; dispose: () => void }> {
  const { settings, pool } = options;
  const parameters = await initialParameters(settings);
  const model = await createTrainedModel({ pool, name: 'bench', config: settings.config, parameters });
  const rows = randomRows(settings);
  const jobs = languageModelJobs({ model: 'bench', rows, microBatchSize: Math.ceil(rows.length / pool.parallel) });
  return { run: async () => (await model.update({ jobs, learningRate: 1e-3 })).loss, dispose: () => model.dispose() };
}

/** Training tokens in a second: forward, backward and AdamW. */
export async function trainingTokensPerSecond(options: {
  settings: BenchSettings;
  pool: ComputePool;
}): Promise<number> {
  const { settings } = options;
  const update = await createUpdate(options);
  const seconds = median(await secondsOf({ run: update.run, warmUps: 2, repeats: settings.repeats }));
  update.dispose();
  return (settings.rows * settings.tokensPerRow) / seconds;
}

/** The same from stock ops. The losses of the first update must agree, or the two do not compute the same. */
export async function stockTrainingTokensPerSecond(options: {
  settings: BenchSettings;
  pool: ComputePool;
}): Promise<number> {
  const { settings } = options;
  const rows = randomRows(settings).map((row) => row.tokenIds);
  const stock = createStockTrainer(settings.config);
  const update = await createUpdate(options);
  const losses = [await stock.update(rows), await update.run()] as const;
  update.dispose();
  if (Math.abs(losses[0] - losses[1]) > 1e-3) throw new Error(`the losses differ: ${losses.join(' and ')}`);
  const run = () => stock.update(rows);
  const seconds = median(await secondsOf({ run, warmUps: 0, repeats: settings.stockRepeats }));
  stock.dispose();
  return (settings.rows * settings.tokensPerRow) / seconds;
}

/** Seconds of one AdamW update: clipping, upload of the gradients, the update itself, and reading the weights back. */
export async function optimizerSeconds(settings: BenchSettings): Promise<number> {
  const size = parameterCount(settings.config);
  const random = createRandom(2);
  const values = Float32Array.from({ length: size }, () => random.next() - 0.5);
  const optimizer = createAdamW({ parameters: values, groups: [{ size, decay: true }], weightDecay: 0.01 });
  const run = async () => {
    optimizer.update({ gradients: values, learningRate: 1e-3 });
    await optimizer.parameters();
  };
  const seconds = median(await secondsOf({ run, repeats: settings.repeats }));
  optimizer.dispose();
  return seconds;
}
