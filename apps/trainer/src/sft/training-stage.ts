import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { loraShapes, parameterShapes, saveAdapter, saveModel, type Tokenizer } from '@dgpo/lm';
import { createRandom } from '@dgpo/trajectory';
import type { OpenJob, ParametersJob } from '../compute/open-job.js';
import { scoredCount } from '../compute/scored-rows.js';
import { readModelConfig } from '../estimate/model-config.js';
import type { Workshop } from '../pipeline/workshop.js';
import { loraOptions } from '../recipe/lora-options.js';
import { runStage } from '../run/run-stage.js';
import { hashValue } from '../run/stable-hash.js';
import { trainLanguageModel, type WeightedRow } from '../train/language-modelling.js';
import { modelCheckpoints } from '../train/model-checkpoints.js';
import { createTrainedParameters, parameterGroups } from '../train/trained-model.js';
import { type ExampleRow, meanLoss, measureLoss } from './measure-loss.js';
import type { SftRecipe } from './sft-schema.js';

/** What was trained. */
export interface TrainedSft {
  key: string;
  /** The model folder; with adapters only where they are merged. */
  model?: string;
  adapter?: string;
  /** Puts what was saved into the workers. */
  open: () => Promise<void>;
}

/** The one model that the workers hold: another that is opened takes its place. */
export const sftModelName = 'model';

const rowsKey = (rows: readonly ExampleRow[]) =>
  hashValue(rows.map(({ tokenIds, mask }) => [Buffer.from(tokenIds.buffer).toString('base64'), [...mask]]));

/** Every epoch sees the rows in an order of its own; a batch may span two epochs. */
function batchAt(rows: readonly ExampleRow[], batchSize: number, seed: number) {
  const random = createRandom(seed).split('sft');
  const orders = new Map<number, ExampleRow[]>();
  const orderOf = (epoch: number) => {
    const order = orders.get(epoch) ?? random.split('epoch', epoch).shuffle(rows);
    orders.set(epoch, order);
    return order;
  };
  return (step: number): WeightedRow[] =>
    Array.from({ length: batchSize }, (_, index) => {
      const position = (step - 1) * batchSize + index;
      const row = orderOf(Math.floor(position / rows.length))[position % rows.length] as ExampleRow;
      return { ...row, weights: new Float32Array(scoredCount(row)).fill(1) };
    });
}

/** Trains all weights or adapters, and saves what came of it. */
export async function trainingStage(options: {
  workshop: Workshop;
  recipe: SftRecipe;
  /** Folder of the model to start from, and its key. */
  directory: string;
  base: string;
  tokenizer: Tokenizer;
  train: readonly ExampleRow[];
  /** Measured every `evalSteps` updates. */
  test: readonly ExampleRow[];
}): Promise<TrainedSft> {
  const { workshop, recipe, directory, base, tokenizer, train, test } = options;
  const { pool, reporter, signal } = workshop;
  const { training, seed, dtype } = recipe;
  const { maxSteps, batchSize, microBatchSize, maxTokensPerMicroBatch, gradientCheckpointing, saveSteps, evalSteps } =
    training;
  const lora = loraOptions(recipe.lora);
  const name = sftModelName;
  const opened: OpenJob = { kind: 'open', name, directory, seed, ...(lora === undefined ? {} : { lora }) };
  const valuesOf = async (what: ParametersJob['what']) => {
    const [values] = await pool.run<ParametersJob>([{ kind: 'parameters', model: name, what }]);
    return values as Float32Array;
  };
  const parts = {
    model: lora === undefined || recipe.lora?.merge === true,
    adapter: lora !== undefined,
  };
  const stage = await runStage({
    runDirectory: workshop.run.path,
    name: 'training',
    inputs: {
      base,
      lora,
      training: { ...training, saveSteps: 0, saveTotalLimit: 0 },
      dtype,
      seed,
      rows: rowsKey(train),
    },
    run: async ({ directory: target }) => {
      const config = await readModelConfig(directory);
      reporter.stage('training', `${maxSteps} updates of ${lora === undefined ? 'all weights' : 'adapters'}`);
      await pool.broadcast(opened);
      const shapes = lora === undefined ? parameterShapes(config) : loraShapes(config, lora);
      const model = await createTrainedParameters({
        pool,
        name,
        parameters: await valuesOf('trainable'),
        groups: parameterGroups(shapes.values()),
        shapes,
        weightDecay: training.weightDecay,
        maxGradNorm: training.maxGradNorm,
        share: (parameters) => ({ kind: 'trainable', model: name, parameters }),
      });
      const checkpointsDirectory = join(target, 'checkpoints');
      const checkpoints = modelCheckpoints({
        directory: checkpointsDirectory,
        config: { base, lora, seed },
        models: [model],
        keep: training.saveTotalLimit,
        metricsPath: workshop.run.metricsPath,
        report: workshop.reporter.line,
      });
      const completedSteps = await checkpoints.restore();
      const tracker = workshop.tracker({
        stage: 'sft',
        totalSteps: maxSteps,
        completedSteps,
        show: ['loss', 'eval_loss'],
      });
      await trainLanguageModel({
        model,
        maxSteps,
        microBatchSize,
        maxTokensPerMicroBatch,
        gradientCheckpointing,
        schedule: {
          learningRate: training.learningRate,
          warmupSteps: training.warmupSteps,
          lrSchedulerType: training.lrSchedulerType,
        },
        firstStep: completedSteps + 1,
        batch: batchAt(train, batchSize, seed),
        onStep: async (step, metrics) => {
          const due = evalSteps > 0 && step % evalSteps === 0 && step < maxSteps;
          const measured = due
            ? meanLoss(await measureLoss({ pool, model: name, rows: test, microBatchSize, maxTokensPerMicroBatch }))
            : undefined;
          tracker.log(measured === undefined ? metrics : { ...metrics, eval_loss: measured.mean }, step);
          if ((step % saveSteps === 0 && step < maxSteps) || signal?.aborted) await checkpoints.save(step);
        },
        ...(signal === undefined ? {} : { signal }),
      });
      await tracker.finish();
      const values = await model.parameters();
      model.dispose();
      if (lora !== undefined) {
        await saveAdapter({
          directory: join(target, 'adapter'),
          config,
          lora,
          parameters: values,
          baseModel: recipe.model,
        });
      }
      if (parts.model) {
        const parameters = lora === undefined ? values : await valuesOf('merged');
        await saveModel({ directory: join(target, 'model'), config, parameters, tokenizer, dtype });
      }
      await rm(checkpointsDirectory, { recursive: true, force: true });
      return null;
    },
  });
  if (stage.skipped) reporter.stage('training', 'already there');
  const model = join(stage.directory, 'model');
  const adapter = join(stage.directory, 'adapter');
  return {
    key: stage.key,
    ...(parts.model ? { model } : {}),
    ...(parts.adapter ? { adapter } : {}),
    open: () =>
      parts.model
        ? pool.broadcast({ kind: 'open', name, directory: model, seed })
        : pool.broadcast({ ...opened, adapter }),
  };
}
