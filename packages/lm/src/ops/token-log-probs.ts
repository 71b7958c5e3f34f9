import * as tf from '@tensorflow/tfjs-core';
import { countedRows } from './counted-rows.js';
import { isTrainable, vocabularyGradients } from './frozen-weight.js';
import {
  attribute,
  defineWasmKernel,
  hasFusedKernel,
  input,
  matrixShape,
  runFused,
  saved,
  spreadMask,
} from './fused-op.js';
import { inRowChunks, logitRowsAtOnce, stockRowsAtOnce } from './row-chunks.js';

const rowsAtOnce = (vocabulary: number) => logitRowsAtOnce({ vocabulary, matrices: 1 });

defineWasmKernel('DgpoTokenLogProbs', ({ inputs, attributes, context }) => {
  const { kernels, pointer } = context;
  const hidden = input(inputs, 'hidden');
  const weight = input(inputs, 'weight');
  const targets = input(inputs, 'targets');
  const { rows, width } = matrixShape(hidden);
  const vocabulary = matrixShape(weight).rows;
  const logProbs = context.output([rows]);
  const entropy = context.output([rows]);
  const logSumExp = context.output([rows]);
  const chunk = Math.min(rows, rowsAtOnce(vocabulary));
  const scratch = context.scratch(chunk * vocabulary * 4);
  for (let start = 0; start < rows; start += chunk) {
    const count = Math.min(chunk, rows - start);
    const at = (tensor: tf.TensorInfo, stride: number) => pointer(tensor) + start * stride * 4;
    context.matrixProduct({
      m: count,
      n: vocabulary,
      k: width,
      a: at(hidden, width),
      b: pointer(weight),
      transposeB: true,
      c: scratch,
    });
    kernels.tokenLogProbs(
      count,
      vocabulary,
      scratch,
      at(targets, 1),
      attribute(attributes, 'inverseTemperature'),
      at(logProbs, 1),
      at(entropy, 1),
      at(logSumExp, 1),
    );
  }
  return [logProbs, entropy, logSumExp];
});

defineWasmKernel('DgpoTokenLogProbsGradient', ({ inputs, attributes, context }) => {
  const { kernels, pointer } = context;
  const hidden = input(inputs, 'hidden');
  const weight = input(inputs, 'weight');
  const targets = input(inputs, 'targets');
  const entropy = input(inputs, 'entropy');
  const logSumExp = input(inputs, 'logSumExp');
  const dLogProbs = input(inputs, 'dLogProbs');
  const dEntropy = input(inputs, 'dEntropy');
  const { rows, width } = matrixShape(hidden);
  const vocabulary = matrixShape(weight).rows;
  const dHidden = context.output([...hidden.shape]);
  const dWeight = attribute(attributes, 'weightGradient') === 1 ? context.output([...weight.shape]) : undefined;
  const chunk = Math.min(rows, rowsAtOnce(vocabulary));
  const cleanBytes = chunk * width * 4;
  const clean = context.scratch(cleanBytes + chunk * vocabulary * 4);
  const logits = clean + cleanBytes;
  for (let start = 0; start < rows; start += chunk) {
    const count = Math.min(chunk, rows - start);
    const at = (tensor: tf.TensorInfo, stride: number) => pointer(tensor) + start * stride * 4;
    const targetIds = context.integers(at(targets, 1), count);
    const hiddenAt = countedRows({
      context,
      pointer: at(hidden, width),
      count,
      width,
      counts: (row) => (targetIds[row] ?? -1) >= 0,
      scratch: clean,
    });
    context.matrixProduct({
      m: count,
      n: vocabulary,
      k: width,
      a: hiddenAt,
      b: pointer(weight),
      transposeB: true,
      c: logits,
    });
    kernels.tokenLogProbsGradient(
      count,
      vocabulary,
      logits,
      at(targets, 1),
      attribute(attributes, 'inverseTemperature'),
      at(logSumExp, 1),
      at(entropy, 1),
      at(dLogProbs, 1),
      at(dEntropy, 1),
    );
    context.matrixProduct({ m: count, n: width, k: vocabulary, a: logits, b: pointer(weight), c: at(dHidden, width) });
    if (dWeight === undefined) continue;
    context.matrixProduct({
      m: vocabulary,
      n: width,
      k: count,
      a: logits,
      transposeA: true,
      b: hiddenAt,
      c: pointer(dWeight),
      accumulate: start > 0,
    });
  }
  return dWeight === undefined ? [dHidden] : [dHidden, dWeight];
});

tf.registerGradient({
  kernelName: 'DgpoTokenLogProbs',
  inputsToSave: ['hidden', 'weight', 'targets'],
  outputsToSave: [false, true, true],
  gradFunc: (dy, savedTensors, attributes) => {
    const [dLogProbs, dEntropy] = dy as tf.Tensor[];
    const targets = saved(savedTensors, 2);
    const { inverseTemperature, weightGradient } = attributes as unknown as {
      inverseTemperature: number;
      weightGradient: number;
    };
    const inputs = {
      hidden: saved(savedTensors, 0),
      weight: saved(savedTensors, 1),
      targets,
      entropy: saved(savedTensors, 3),
      logSumExp: saved(savedTensors, 4),
      dLogProbs: dLogProbs as tf.Tensor,
      dEntropy: dEntropy as tf.Tensor,
    };
    return {
      ...vocabularyGradients({
        run: (wanted) => runFused('DgpoTokenLogProbsGradient', inputs, { inverseTemperature, weightGradient: wanted }),
        weightGradient,
      }),
      targets: () => tf.zerosLike(targets),
    };
  },
});

export interface TokenLogProbsOptions {
  /** `[n, width]`: the hidden state before each scored token. */
  hidden: tf.Tensor;
  /** `[vocabulary, width]`: the output embedding. */
  weight: tf.Tensor;
  /** int32 `[n]`: the token that followed; -1 for a row that is to be ignored. */
  targets: tf.Tensor;
  /** The logits are divided by it. @default 1 */
  temperature?: number;
}

export interface TokenLogProbs {
  /** `[n]`, in nats; 0 where the target is -1. */
  logProbs: tf.Tensor1D;
  /** `[n]`, entropy of the next-token distribution in nats; 0 where the target is -1. */
  entropy: tf.Tensor1D;
}

/** The same from stock ops, for every backend. */
export function tokenLogProbsReference(options: TokenLogProbsOptions & { rowsAtOnce?: number }): TokenLogProbs {
  const { hidden, weight, targets, temperature = 1 } = options;
  const vocabulary = matrixShape(weight).rows;
  const both = inRowChunks({
    rows: { hidden, targets },
    whole: { weight },
    rowsAtOnce: options.rowsAtOnce ?? stockRowsAtOnce(vocabulary),
    run: (tensors) => {
      const valid = tf.cast(tf.greaterEqual(tensors.targets, 0), 'bool');
      const clean = tf.where(spreadMask(valid, tensors.hidden), tensors.hidden, tf.zerosLike(tensors.hidden));
      const logits = tf.div(tf.matMul(clean as tf.Tensor2D, tensors.weight as tf.Tensor2D, false, true), temperature);
      const all = tf.logSoftmax(logits, -1);
      const chosen = tf.cast(tf.oneHot(tf.cast(tf.maximum(tensors.targets, 0), 'int32'), vocabulary), 'float32');
      const logProbs = tf.sum(tf.mul(all, chosen), -1);
      const entropy = tf.neg(tf.sum(tf.mul(tf.exp(all), all), -1));
      return tf.mul(tf.stack([logProbs, entropy]), tf.cast(valid, 'float32'));
    },
  });
  const [logProbs, entropy] = tf.unstack(both) as [tf.Tensor1D, tf.Tensor1D];
  return { logProbs, entropy };
}

/**
 * Log-probabilities of given tokens and entropies, straight from hidden states. The logits are made in chunks, forward and
 * backward, and never kept: memory is that of the hidden states, not of `[n, vocabulary]`.
 */
export function tokenLogProbs(options: TokenLogProbsOptions): TokenLogProbs {
  if (!hasFusedKernel('DgpoTokenLogProbs')) return tokenLogProbsReference(options);
  const [logProbs, entropy] = runFused(
    'DgpoTokenLogProbs',
    { hidden: options.hidden, weight: options.weight, targets: options.targets },
    { inverseTemperature: 1 / (options.temperature ?? 1), weightGradient: isTrainable(options.weight) ? 1 : 0 },
  );
  return { logProbs: logProbs as tf.Tensor1D, entropy: entropy as tf.Tensor1D };
}
