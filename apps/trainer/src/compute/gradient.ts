import { type Decoder, flatValues, trainableParameters } from '@dgpo/lm';
import * as tf from '@tensorflow/tfjs-core';

/** The gradient of one micro-batch. */
export interface GradientResult {
  /** Of everything that is trained, in the order of the model. */
  gradients: Float32Array;
  loss: number;
  /** Sums over the micro-batch, to be added over micro-batches. */
  metrics: Record<string, number>;
}

/** Differentiates a loss with respect to what is trained of a model: its adapters, or all of it. */
export async function gradientOf(
  decoder: Decoder,
  compute: () => { loss: tf.Scalar; metrics?: Record<string, tf.Tensor> },
): Promise<GradientResult> {
  const variables = [...trainableParameters(decoder).values()];
  const kept: Record<string, tf.Tensor> = {};
  const { value, grads } = tf.variableGrads(() => {
    const { loss, metrics = {} } = compute();
    for (const [name, tensor] of Object.entries(metrics)) kept[name] = tf.keep(tensor);
    return loss;
  }, variables);
  // A critic does not use the output embedding that it has from its student where that is not tied.
  const gradients = await flatValues(variables.map(({ name, size }) => ({ size, tensor: grads[name] })));
  const [loss = Number.NaN] = await value.data();
  const metrics: Record<string, number> = {};
  for (const [name, tensor] of Object.entries(kept)) {
    const [sum = Number.NaN] = await tensor.data();
    metrics[name] = sum;
    tensor.dispose();
  }
  tf.dispose([value, grads]);
  return { gradients, loss, metrics };
}
