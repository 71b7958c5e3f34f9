import { ModelError, type Random } from '@dgpo/trajectory';
import * as tf from '@tensorflow/tfjs-core';
import { type Decoder, parameter, requireUnshared, updateFrozen } from '../model/decoder.js';
import type { AdaptedRows } from './lora-adapters.js';
import { adapterNames, type LoraOptions, loraLayout } from './lora-layout.js';

/**
 * Gives a decoder adapters of low rank (LoRA, Hu et al. 2021, arXiv 2106.09685) and freezes its other weights: from now on
 * `trainableParameters` are the adapters, and the value head if there is one. At first they change nothing: `B` is 0, and `A` uniform
 * within ±1/√in, as in PEFT.
 *
 * @param options.random draws `A`; without it both are 0 and are to be set with `setTrainableParameters`
 * @throws ModelError where there are adapters already, and as `loraShapes`
 */
export function addLora(decoder: Decoder, options: LoraOptions & { random?: Random | undefined }): void {
  const { random, ...lora } = options;
  if (decoder.lora !== undefined) throw new ModelError('the model has adapters already; merge them first (mergeLora)');
  const { rank, alpha, useRslora = false } = lora;
  const parameters = new Map<string, tf.Variable>();
  const variable = (name: string, values: Float32Array, shape: [number, number]) => {
    const created = tf.tidy(() => tf.variable(tf.tensor2d(values, shape), true));
    parameters.set(name, created);
    return created;
  };
  const projections = new Map<string, AdaptedRows[]>();
  for (const { name, inputs, parts } of loraLayout(decoder.config, lora)) {
    const adapted = parts.map(({ module, rows, adapted }): AdaptedRows => {
      if (!adapted) return { rows };
      const names = adapterNames(module);
      const stream = random?.split(names.down);
      const bound = 1 / Math.sqrt(inputs);
      const draw = () => (stream === undefined ? 0 : (2 * stream.next() - 1) * bound);
      const down = variable(names.down, Float32Array.from({ length: rank * inputs }, draw), [rank, inputs]);
      const up = variable(names.up, new Float32Array(rows * rank), [rows, rank]);
      return { rows, adapter: { down, up } };
    });
    projections.set(name, adapted);
  }
  decoder.lora = {
    options: lora,
    scale: alpha / (useRslora ? Math.sqrt(rank) : rank),
    parameters,
    projections,
  };
  updateFrozen(decoder);
}

/**
 * Adds the adapters to the weights and drops them; the decoder computes the same, and all of it is trained again.
 *
 * @throws ModelError without adapters, and where other decoders run on the weights (`loadModel` of a saved folder of adapters reads a merged copy)
 */
export function mergeLora(decoder: Decoder): void {
  const { lora } = decoder;
  if (lora === undefined) throw new ModelError('the model has no adapters to merge');
  requireUnshared(decoder);
  for (const [name, parts] of lora.projections) {
    const weight = parameter(decoder, `${name}.weight`);
    const merged = tf.tidy(() => {
      const inputs = weight.shape[1] as number;
      const rows = parts.map((part) =>
        part.adapter === undefined
          ? tf.zeros([part.rows, inputs])
          : tf.mul(tf.matMul(part.adapter.up as tf.Tensor2D, part.adapter.down as tf.Tensor2D), lora.scale),
      );
      return tf.add(weight, rows.length === 1 ? (rows[0] as tf.Tensor) : tf.concat(rows, 0));
    });
    weight.assign(merged);
    merged.dispose();
  }
  for (const variable of lora.parameters.values()) variable.dispose();
  decoder.lora = undefined;
  updateFrozen(decoder);
}
