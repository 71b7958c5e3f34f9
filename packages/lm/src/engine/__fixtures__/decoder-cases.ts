import * as tf from '@tensorflow/tfjs-core';
import {
  concatenate,
  createAdamW,
  type Decoder,
  getTrainableParameters,
  type HiddenStatesOptions,
  type ModelType,
  setTrainableParameters,
  trainableParameters,
} from '../../index.js';
import {
  addLivelyLora,
  lossGradients,
  sequenceLogProbs,
  tinyDecoder,
} from '../../model/__fixtures__/tiny-decoders.js';

/** One kind of decoder, trained as a whole or by its adapters. */
export interface DecoderCase {
  modelType: ModelType;
  lora: boolean;
}

export const decoderCases: readonly DecoderCase[] = [
  { modelType: 'llama', lora: false },
  { modelType: 'qwen2', lora: false },
  { modelType: 'qwen3', lora: false },
  { modelType: 'gpt2', lora: false },
  { modelType: 'qwen3', lora: true },
  { modelType: 'gpt2', lora: true },
];

const sequences = [9, 4, 13].map((length, row) =>
  Array.from({ length }, (_, index) => (11 * index + 7 * row + index * index) % 60),
);

export async function createCase({ modelType, lora }: DecoderCase): Promise<Decoder> {
  const decoder = await tinyDecoder(modelType);
  if (lora) await addLivelyLora(decoder, { targetModules: 'all-linear', useRslora: true });
  return decoder;
}

/** The loss before a step of training and its gradient by everything that is trained, as one vector. */
export async function caseGradients(decoder: Decoder, options: HiddenStatesOptions = {}): Promise<Float32Array> {
  const { loss, gradients } = await lossGradients(decoder, sequences, options);
  return concatenate([Float32Array.of(loss), ...gradients.values()]);
}

/** One step of training: scores before it, the gradient, what it changed, scores after it, and how many tensors it left behind. */
export async function trainingStep(decoderCase: DecoderCase) {
  const decoder = await createCase(decoderCase);
  const parameters = await getTrainableParameters(decoder);
  const groups = [...trainableParameters(decoder).values()].map(({ size, rank }) => ({ size, decay: rank === 2 }));
  // With a tiny epsilon, rounding noise in a gradient near 0 becomes a full step.
  const optimizer = createAdamW({ parameters, groups, weightDecay: 0.1, epsilon: 1e-3 });
  const score = async () => {
    const scored = tf.tidy(() => sequenceLogProbs(decoder, sequences));
    const values = await scored.data<'float32'>();
    scored.dispose();
    return values;
  };
  const before = tf.memory().numTensors;
  const logProbs = await score();
  const gradients = await caseGradients(decoder);
  optimizer.update({ gradients: gradients.subarray(1), learningRate: 0.01 });
  const updated = await optimizer.parameters();
  setTrainableParameters(decoder, updated);
  const logProbsAfter = await score();
  const left = tf.memory().numTensors - before;
  for (const part of [optimizer, decoder]) part.dispose();
  return { logProbs, gradients, updated, logProbsAfter, left };
}
