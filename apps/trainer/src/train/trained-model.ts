import { type AdamWState, createAdamW, type DecoderConfig, parameterShapes, valueHeadName } from '@dgpo/lm';
import type { DistillJob } from '../compute/distill-job.js';
import type { GradientResult } from '../compute/gradient.js';
import type { Job, LanguageModelJob, ValueJob } from '../compute/jobs.js';
import type { PolicyJob } from '../compute/policy-job.js';
import type { ComputePool } from '../compute/pool.js';

type GradientJob = LanguageModelJob | DistillJob | PolicyJob | ValueJob;

/** Settings of AdamW, with its defaults. */
export interface OptimizerOptions {
  /** @default 0 */
  weightDecay?: number;
  /** @default 0.9 */
  beta1?: number;
  /** @default 0.95 */
  beta2?: number;
  /** @default 1 */
  maxGradNorm?: number;
}

export interface TrainedParametersOptions extends OptimizerOptions {
  pool: ComputePool;
  /** Name under which the workers know the model. */
  name: string;
  parameters: Float32Array;
  /** Sizes of the parameters in order; matrices decay, norms do not. */
  groups: readonly { size: number; decay: boolean }[];
  /** Names and shapes in the same order, for files that others read. @default one nameless vector */
  shapes?: ReadonlyMap<string, readonly number[]>;
  /** Brings new values into a worker. */
  share: (parameters: Float32Array) => Job;
}

export interface TrainedModelOptions extends OptimizerOptions {
  pool: ComputePool;
  /** Name under which the workers know it. */
  name: string;
  config: DecoderConfig;
  /** All parameters, a value head's last. */
  parameters: Float32Array;
  /** @default false */
  valueHead?: boolean;
}

interface UpdateOptions {
  jobs: readonly GradientJob[];
  learningRate: number;
  /** Sees loss and metrics before anything is changed; what it throws, the update throws. */
  check?: (measured: Pick<UpdateResult, 'loss' | 'metrics'>) => void;
}

export interface UpdateResult {
  loss: number;
  gradientNorm: number;
  /** True when the loss or the gradient was not finite and nothing was changed. */
  skipped: boolean;
  /** Sums over all micro-batches. */
  metrics: Record<string, number>;
}

/** What is trained of a model: its values live here and are copied into every worker after each update. */
export interface TrainedParameters {
  readonly name: string;
  /** Names and shapes of the parameters in their order, where they have names. */
  readonly shapes?: ReadonlyMap<string, readonly number[]>;
  /** One optimiser update from the micro-batches of one mini-batch; their gradients are added in order. */
  update(options: UpdateOptions): Promise<UpdateResult>;
  parameters(): Promise<Float32Array>;
  state(): Promise<AdamWState>;
  /** Continues from a state, in the workers too. */
  load(state: AdamWState): Promise<void>;
  dispose(): void;
}

/** A model of which every parameter is trained. */
export interface TrainedModel extends TrainedParameters {
  readonly config: DecoderConfig;
  readonly valueHead: boolean;
}

/** Sizes of the parameters; matrices decay, norms do not. */
export function parameterGroups(shapes: Iterable<readonly number[]>): { size: number; decay: boolean }[] {
  return [...shapes].map((shape) => ({
    size: shape.reduce((product, size) => product * size, 1),
    decay: shape.length === 2,
  }));
}

/** Results in the order of the jobs, each as soon as it is there; none is held after its turn. */
async function* inOrder(pool: ComputePool, jobs: readonly GradientJob[]): AsyncGenerator<GradientResult> {
  const running = jobs.map((job) => pool.run<GradientJob>([job]));
  // The first failure ends the loop below; the others must not count as unhandled.
  for (const results of running) results.catch(() => undefined);
  for (let results = running.shift(); results !== undefined; results = running.shift()) yield* await results;
}

function addInto(sum: Float32Array, values: Float32Array): void {
  for (let index = 0; index < sum.length; index++) sum[index] = (sum[index] as number) + (values[index] as number);
}

export async function createTrainedParameters(options: TrainedParametersOptions): Promise<TrainedParameters> {
  const { pool, name, parameters, groups, shapes, share, weightDecay = 0, beta1, beta2, maxGradNorm = 1 } = options;
  const { length } = parameters;
  const optimizer = createAdamW({
    parameters,
    groups,
    weightDecay,
    maxGradNorm,
    ...(beta1 === undefined ? {} : { beta1 }),
    ...(beta2 === undefined ? {} : { beta2 }),
  });
  // Shared with the workers, which copy from it into their heaps: nothing of the size of the model goes through a message.
  const shared = new Float32Array(new SharedArrayBuffer(4 * length));
  const broadcast = async () => pool.broadcast(share(await optimizer.parameters(shared)));
  await broadcast();
  return {
    name,
    ...(shapes === undefined ? {} : { shapes }),
    update: async ({ jobs, learningRate, check }) => {
      let sum: Float32Array | undefined;
      const metrics: Record<string, number> = {};
      let loss = 0;
      for await (const result of inOrder(pool, jobs)) {
        if (sum === undefined) sum = result.gradients;
        else addInto(sum, result.gradients);
        loss += result.loss;
        for (const [key, value] of Object.entries(result.metrics)) metrics[key] = (metrics[key] ?? 0) + value;
      }
      if (sum === undefined) throw new RangeError('an update needs at least one micro-batch');
      check?.({ loss, metrics });
      const { gradientNorm, skipped } = Number.isFinite(loss)
        ? optimizer.update({ gradients: sum, learningRate })
        : { gradientNorm: Number.NaN, skipped: true };
      if (!skipped) await broadcast();
      return { loss, gradientNorm, skipped, metrics };
    },
    parameters: () => optimizer.parameters(),
    state: () => optimizer.state(),
    load: async (state) => {
      optimizer.load(state);
      await broadcast();
    },
    dispose: () => optimizer.dispose(),
  };
}

export async function createTrainedModel(options: TrainedModelOptions): Promise<TrainedModel> {
  const { name, config, valueHead = false } = options;
  const shapes = new Map<string, readonly number[]>(parameterShapes(config));
  const groups = parameterGroups(shapes.values());
  if (valueHead) {
    shapes.set(valueHeadName, [1, config.hiddenSize]);
    groups.push({ size: config.hiddenSize, decay: false });
  }
  const share = (weights: Float32Array): Job => ({ kind: 'model', name, config, valueHead, weights });
  const trained = await createTrainedParameters({ ...options, groups, shapes, share });
  return { ...trained, config, valueHead };
}
