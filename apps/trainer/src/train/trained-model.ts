import { type AdamWState, createAdamW, type DecoderConfig, parameterShapes } from '@dgpo/lm';
import type { GradientResult } from '../compute/gradient.js';
import type { ColdStartJob, LanguageModelJob, PolicyJob, ValueJob } from '../compute/jobs.js';
import type { ComputePool } from '../compute/pool.js';

type GradientJob = LanguageModelJob | ColdStartJob | PolicyJob | ValueJob;

export interface TrainedModelOptions {
  pool: ComputePool;
  /** Name under which the workers know it. */
  name: string;
  config: DecoderConfig;
  /** All parameters, a value head's last. */
  parameters: Float32Array;
  /** @default false */
  valueHead?: boolean;
  /** @default 0 */
  weightDecay?: number;
  /** @default 0.9 */
  beta1?: number;
  /** @default 0.95 */
  beta2?: number;
  /** @default 1 */
  maxGradNorm?: number;
}

export interface UpdateResult {
  loss: number;
  gradientNorm: number;
  /** True when the gradient was not finite and nothing was changed. */
  skipped: boolean;
  /** Sums over all micro-batches. */
  metrics: Record<string, number>;
}

/** A model whose weights live here and are copied into every worker after each update. */
export interface TrainedModel {
  readonly name: string;
  readonly config: DecoderConfig;
  readonly valueHead: boolean;
  /** One optimiser update from the micro-batches of one mini-batch; their gradients are added in order. */
  update(options: { jobs: readonly GradientJob[]; learningRate: number }): Promise<UpdateResult>;
  parameters(): Promise<Float32Array>;
  state(): Promise<AdamWState>;
  /** Continues from a state, in the workers too. */
  load(state: AdamWState): Promise<void>;
  dispose(): void;
}

/** Sizes of the parameters; matrices decay, norms do not. */
function parameterGroups(config: DecoderConfig, valueHead: boolean): { size: number; decay: boolean }[] {
  const groups = [...parameterShapes(config).values()].map((shape) => ({
    size: shape.reduce((product: number, size: number) => product * size, 1),
    decay: shape.length === 2,
  }));
  if (valueHead) groups.push({ size: config.hiddenSize, decay: false });
  return groups;
}

export async function createTrainedModel(options: TrainedModelOptions): Promise<TrainedModel> {
  const { pool, name, config, valueHead = false, weightDecay = 0, beta1, beta2, maxGradNorm = 1 } = options;
  const optimizer = createAdamW({
    parameters: options.parameters,
    groups: parameterGroups(config, valueHead),
    weightDecay,
    maxGradNorm,
    ...(beta1 === undefined ? {} : { beta1 }),
    ...(beta2 === undefined ? {} : { beta2 }),
  });
  const broadcast = async () =>
    pool.broadcast({ kind: 'model', name, config, valueHead, weights: await optimizer.parameters() });
  await broadcast();
  return {
    name,
    config,
    valueHead,
    update: async ({ jobs, learningRate }) => {
      const results: GradientResult[] = await pool.run<GradientJob>(jobs);
      const sum = new Float32Array(options.parameters.length);
      const metrics: Record<string, number> = {};
      let loss = 0;
      for (const result of results) {
        for (let index = 0; index < sum.length; index++) {
          sum[index] = (sum[index] as number) + (result.gradients[index] as number);
        }
        loss += result.loss;
        for (const [key, value] of Object.entries(result.metrics)) metrics[key] = (metrics[key] ?? 0) + value;
      }
      const { gradientNorm, skipped } = optimizer.update({ gradients: sum, learningRate });
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
