import { ModelError } from '@dgpo/trajectory';
import * as tf from '@tensorflow/tfjs-core';
import { flatValues } from '../model/flat-parameters.js';
import { adamWUpdate, type DecayRun } from '../ops/adamw-update.js';

export interface AdamWOptions {
  /** Initial values of all parameters as one vector; copied. */
  parameters: Float32Array;
  /** Sizes in order, and which of them decay (matrices do, norms do not). */
  groups: readonly { size: number; decay: boolean }[];
  /** @default 0.9 */
  beta1?: number;
  /** @default 0.95 */
  beta2?: number;
  /** @default 1e-8 */
  epsilon?: number;
  /** @default 0 */
  weightDecay?: number;
  /** Gradients are scaled down to this global norm. @default 1 */
  maxGradNorm?: number;
}

/** What a later process needs to go on exactly. */
export interface AdamWState {
  step: number;
  parameters: Float32Array;
  firstMoment: Float32Array;
  secondMoment: Float32Array;
}

export interface AdamWUpdate {
  /** Global norm of the gradient before clipping. */
  gradientNorm: number;
  /** True when the gradient was not finite: nothing was changed. */
  skipped: boolean;
}

export interface AdamW {
  /** One update in place; a gradient that is not finite is skipped and reported. */
  update(options: { gradients: Float32Array; learningRate: number }): AdamWUpdate;
  /** @param into is filled and returned. @default a new vector */
  parameters(into?: Float32Array): Promise<Float32Array>;
  state(): Promise<AdamWState>;
  load(state: AdamWState): void;
  dispose(): void;
}

function globalNorm(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return Math.sqrt(sum);
}

/** AdamW with decoupled weight decay and global-norm clipping over one flat vector of parameters. */
export function createAdamW(options: AdamWOptions): AdamW {
  const { groups, beta1 = 0.9, beta2 = 0.95, epsilon = 1e-8, weightDecay = 0, maxGradNorm = 1 } = options;
  const size = options.parameters.length;
  if (groups.reduce((total, group) => total + group.size, 0) !== size) {
    throw new ModelError(`the groups of the optimiser do not add up to the ${size} parameters`);
  }
  const runs: DecayRun[] = [];
  let start = 0;
  for (const group of groups) {
    const decay = group.decay ? weightDecay : 0;
    const last = runs.at(-1);
    if (last !== undefined && last.weightDecay === decay) last.count += group.size;
    else runs.push({ start, count: group.size, weightDecay: decay });
    start += group.size;
  }
  let step = 0;
  let current = {
    parameters: tf.tensor1d(options.parameters.slice()),
    firstMoment: tf.tensor1d(new Float32Array(size)),
    secondMoment: tf.tensor1d(new Float32Array(size)),
  };

  return {
    update: ({ gradients, learningRate }) => {
      if (gradients.length !== size) throw new ModelError(`expected ${size} gradients, got ${gradients.length}`);
      const gradientNorm = globalNorm(gradients);
      if (!Number.isFinite(gradientNorm)) return { gradientNorm, skipped: true };
      step += 1;
      const gradientTensor = tf.tensor1d(gradients);
      const gradientScale = gradientNorm > maxGradNorm ? maxGradNorm / gradientNorm : 1;
      const next = adamWUpdate(
        { ...current, gradients: gradientTensor },
        { learningRate, beta1, beta2, epsilon, step, gradientScale },
        runs,
      );
      gradientTensor.dispose();
      for (const key of ['parameters', 'firstMoment', 'secondMoment'] as const) {
        if (next[key] !== current[key]) current[key].dispose();
      }
      current = next;
      return { gradientNorm, skipped: false };
    },
    parameters: (into) => flatValues([{ size, tensor: current.parameters }], into),
    state: async () => ({
      step,
      parameters: await flatValues([{ size, tensor: current.parameters }]),
      firstMoment: await flatValues([{ size, tensor: current.firstMoment }]),
      secondMoment: await flatValues([{ size, tensor: current.secondMoment }]),
    }),
    load: (state) => {
      for (const { length } of [state.parameters, state.firstMoment, state.secondMoment]) {
        if (length === size) continue;
        throw new ModelError(`the optimiser state is for ${length} parameters, the model has ${size}`);
      }
      tf.dispose(current);
      step = state.step;
      current = {
        parameters: tf.tensor1d(state.parameters.slice()),
        firstMoment: tf.tensor1d(state.firstMoment.slice()),
        secondMoment: tf.tensor1d(state.secondMoment.slice()),
      };
    },
    dispose: () => tf.dispose(current),
  };
}
