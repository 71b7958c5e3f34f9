import { CheckpointError } from '@dgpo/trajectory';
import { type CheckpointContent, pointCheckpoints, writeCheckpoint } from '../run/checkpoint.js';
import type { BestStep } from '../run/checkpoint-folder.js';
import { nodeFileSystem } from '../run/file-system.js';
import { metricsLength } from '../run/metric-files.js';
import { pruneCheckpoints } from '../run/prune-checkpoints.js';
import { type Checkpoint, findCheckpoint, latestCheckpointStep, readCheckpoint } from '../run/read-checkpoint.js';
import { readSafetensorsBytes, safetensorsBytes } from '../run/safetensors-bytes.js';
import type { TrainedParameters } from './trained-model.js';

/** State of a training beside its models, such as a schedule that looks back or a replay buffer. */
export interface CheckpointExtra {
  save(): string | Uint8Array | Promise<string | Uint8Array>;
  /** Given what `save` returned. */
  load(content: Uint8Array): void | Promise<void>;
}

export interface ModelCheckpointsOptions {
  /** Folder of the checkpoints of one training. */
  directory: string;
  /** What must be the same to continue. */
  config: unknown;
  models: readonly TrainedParameters[];
  /** Checkpoints to keep beside the best (Hugging Face: `saveTotalLimit`). @default 2 */
  keep?: number;
  /** Further state by name. @default none */
  extras?: Readonly<Record<string, CheckpointExtra>>;
  /** The file of metrics: a checkpoint holds how far it was written, and it is on the disk before. @default not looked at */
  metricsPath?: string;
  /** Told in one line when a damaged checkpoint is passed over or metrics are missing. @default nobody */
  report?: (line: string) => void;
}

/** Weights, optimiser states and further state of a training, so that it continues exactly where it stopped. */
export interface ModelCheckpoints {
  /**
   * Loads the latest checkpoint, or the newest valid one when that is damaged, and returns its step (0 without one). A training then
   * cuts its metrics back to that step.
   *
   * @throws CheckpointError when there are checkpoints and none is valid, or they are of another config or format.
   */
  restore(): Promise<number>;
  /**
   * @param options.metric how good the models are; the checkpoint with the highest one is `best` and is never removed. Of equal ones
   * it is the earliest; a value that is not finite never is.
   * @throws CheckpointError when it cannot be written; the one before is then intact.
   */
  save(step: number, options?: { metric?: number | undefined }): Promise<void>;
  /**
   * Loads the models (not the further state) of the best checkpoint, and returns its step and metric; undefined where none was saved
   * with a metric.
   *
   * @throws CheckpointError when it is damaged.
   */
  restoreBest(): Promise<BestStep | undefined>;
}

const extraFile = (name: string) => `extras/${name}`;
const stateFile = 'trainer_state.json';

async function modelFiles(model: TrainedParameters): Promise<Record<string, CheckpointContent>> {
  const { step, parameters, firstMoment, secondMoment } = await model.state();
  const flat = [parameters.length];
  return {
    [`${model.name}/model.safetensors`]: safetensorsBytes({
      shapes: model.shapes ?? [['parameters', flat]],
      vectors: [parameters],
      metadata: { format: 'pt' },
    }),
    // Named as in the state of PyTorch's AdamW.
    [`${model.name}/optimizer.safetensors`]: safetensorsBytes({
      shapes: [
        ['exp_avg', flat],
        ['exp_avg_sq', flat],
      ],
      vectors: [firstMoment, secondMoment],
      metadata: { step: String(step) },
    }),
  };
}

async function loadModel(model: TrainedParameters, checkpoint: Checkpoint): Promise<void> {
  const read = (file: string) =>
    readSafetensorsBytes(checkpoint.bytes(`${model.name}/${file}`), `${checkpoint.path}/${model.name}/${file}`);
  const { values: parameters } = read('model.safetensors');
  const { values: moments, metadata } = read('optimizer.safetensors');
  const step = Number(metadata.step);
  if (!Number.isSafeInteger(step) || moments.length !== 2 * parameters.length) {
    throw new CheckpointError(`the optimiser state of ${model.name} does not fit its weights`, {
      where: checkpoint.path,
    });
  }
  await model.load({
    step,
    parameters,
    firstMoment: moments.subarray(0, parameters.length),
    secondMoment: moments.subarray(parameters.length),
  });
}

/**
 * Checkpoints of one training: `<model>/model.safetensors`, `<model>/optimizer.safetensors`, `trainer_state.json` and `extras/`. The
 * learning rate, the data cursor and every generator follow from the step and the seed, so they need no state of their own.
 */
export function modelCheckpoints(options: ModelCheckpointsOptions): ModelCheckpoints {
  const { directory, config, models, keep = 2, extras = {}, metricsPath, report } = options;
  let best: BestStep | undefined;
  return {
    restore: async () => {
      const checkpoint = await findCheckpoint({ directory, config, ...(report === undefined ? {} : { report }) });
      best = checkpoint?.best;
      if (checkpoint === undefined) return 0;
      const { step } = checkpoint;
      for (const model of models) await loadModel(model, checkpoint);
      for (const [name, extra] of Object.entries(extras)) await extra.load(checkpoint.bytes(extraFile(name)));
      const state = JSON.parse(checkpoint.text(stateFile)) as { metrics_bytes?: number };
      const expected = state.metrics_bytes ?? 0;
      if (metricsPath !== undefined && (await metricsLength(metricsPath)) < expected) {
        report?.(
          `${metricsPath} is shorter than when ${checkpoint.path} was written: metrics of earlier steps are lost`,
        );
      }
      // What a killed process had left to do, and what a damaged latest one had pointed to.
      await pointCheckpoints({ directory, latest: step, ...(best === undefined ? {} : { best: best.step }) });
      await pruneCheckpoints({ directory, step, keep, fileSystem: nodeFileSystem });
      return step;
    },
    save: async (step, { metric } = {}) => {
      const isBest = metric !== undefined && Number.isFinite(metric) && (best === undefined || metric > best.metric);
      const reached = isBest ? { step, metric } : best;
      const state = {
        global_step: step,
        ...(reached === undefined ? {} : { best_global_step: reached.step, best_metric: reached.metric }),
        ...(metricsPath === undefined ? {} : { metrics_bytes: await metricsLength(metricsPath) }),
      };
      const files: Record<string, CheckpointContent> = { [stateFile]: `${JSON.stringify(state, null, 2)}\n` };
      for (const model of models) Object.assign(files, await modelFiles(model));
      for (const [name, extra] of Object.entries(extras)) files[extraFile(name)] = await extra.save();
      await writeCheckpoint({
        directory,
        step,
        files,
        config,
        keep,
        ...(reached === undefined ? {} : { best: reached }),
      });
      best = reached;
    },
    restoreBest: async () => {
      if ((await latestCheckpointStep({ directory, pointer: 'best' })) === undefined) return undefined;
      const checkpoint = await readCheckpoint({ directory, pointer: 'best', config });
      for (const model of models) await loadModel(model, checkpoint);
      return checkpoint.best;
    },
  };
}
