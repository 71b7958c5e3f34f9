import { ModelError } from '@dgpo/trajectory';
import { tensorsOf } from '../model/checkpoint-layout.js';
import type { DecoderConfig } from '../model/decoder-config.js';
import { parameterShapes, valueHeadName } from '../model/parameter-shapes.js';

/** Which projections get adapters of low rank, and how strong they are; the names are PEFT's. */
export interface LoraOptions {
  /** Width between the two matrices of an adapter. */
  rank: number;
  /** The adapter's output is multiplied by `alpha / rank`. */
  alpha: number;
  /**
   * Projections by their names in Hugging Face: `q_proj`, `k_proj`, `v_proj`, `o_proj`, `gate_proj`, `up_proj`, `down_proj`, or of
   * GPT-2 `c_attn`, `c_proj`, `c_fc`; more of the path narrows the choice (`mlp.c_proj`, `layers.0.self_attn.q_proj`).
   * `all-linear` is every projection of every block.
   */
  targetModules: readonly string[] | 'all-linear';
  /** Multiplies by `alpha / √rank` instead (rsLoRA, arXiv 2312.03732). @default false */
  useRslora?: boolean | undefined;
}

/** One projection of a checkpoint: some rows of a matrix of ours. */
interface LoraPart {
  /** Path in Hugging Face's model. */
  module: string;
  rows: number;
  adapted: boolean;
}

/** One matrix of ours, `[sum of rows, inputs]`. */
export interface LoraProjection {
  name: string;
  inputs: number;
  parts: LoraPart[];
}

function projectionsOf(config: DecoderConfig): LoraProjection[] {
  const projections: LoraProjection[] = [];
  for (const [name, shape] of parameterShapes(config)) {
    if (shape.length !== 2 || !name.startsWith('model.layers.')) continue;
    projections.push({
      name: name.slice(0, -'.weight'.length),
      inputs: shape[1],
      parts: tensorsOf(name, shape, config).map((tensor) => ({
        module: tensor.name.slice(0, -'.weight'.length),
        rows: (tensor.transposed ? tensor.shape[1] : tensor.shape[0]) as number,
        adapted: false,
      })),
    });
  }
  return projections;
}

/** Last parts of the paths of all projections. */
export function linearModules(config: DecoderConfig): string[] {
  const names = projectionsOf(config).flatMap(({ parts }) => parts.map(({ module }) => module.split('.').at(-1) ?? ''));
  return [...new Set(names)];
}

/**
 * The matrices that have an adapted part, in the order of the parameters.
 *
 * @throws ModelError for a rank or alpha that is no positive number, and for a target that names no projection of the model
 */
export function loraLayout(config: DecoderConfig, options: LoraOptions): LoraProjection[] {
  const { rank, alpha, targetModules } = options;
  if (!Number.isInteger(rank) || rank < 1) throw new ModelError(`rank must be a positive whole number, not ${rank}`);
  if (!Number.isFinite(alpha) || alpha <= 0) throw new ModelError(`alpha must be a positive number, not ${alpha}`);
  const targets = targetModules === 'all-linear' ? linearModules(config) : targetModules;
  const unmatched = new Set(targets);
  const projections = projectionsOf(config);
  for (const part of projections.flatMap(({ parts }) => parts)) {
    for (const target of targets) {
      if (part.module !== target && !part.module.endsWith(`.${target}`)) continue;
      part.adapted = true;
      unmatched.delete(target);
    }
  }
  const [unknown] = unmatched;
  if (unknown !== undefined || targets.length === 0) {
    throw new ModelError(
      `targetModules ${unknown === undefined ? 'is empty' : `names "${unknown}", no projection of ${config.modelType}`}; there are ${linearModules(config).join(', ')}, or all-linear`,
    );
  }
  return projections.filter(({ parts }) => parts.some(({ adapted }) => adapted));
}

/** Names of the two matrices of an adapter, without PEFT's prefix. */
export const adapterNames = (module: string) => ({
  down: `${module}.lora_A.weight`,
  up: `${module}.lora_B.weight`,
});

/**
 * Names and shapes of what is trained, in the order in which it is flattened: for every adapted projection `A`, `[rank, in]`, and
 * `B`, `[out, rank]`; then the value head if there is one.
 *
 * @throws ModelError as {@link loraLayout}
 */
export function loraShapes(
  config: DecoderConfig,
  options: LoraOptions & {
    /** Whether the model is a critic; its head is trained beside the adapters. @default false */
    valueHead?: boolean;
  },
): Map<string, [number, number]> {
  const shapes = new Map<string, [number, number]>();
  for (const { inputs, parts } of loraLayout(config, options)) {
    for (const { module, rows, adapted } of parts) {
      if (!adapted) continue;
      const { down, up } = adapterNames(module);
      shapes.set(down, [options.rank, inputs]);
      shapes.set(up, [rows, options.rank]);
    }
  }
  if (options.valueHead) shapes.set(valueHeadName, [1, config.hiddenSize]);
  return shapes;
}
