import * as tf from '@tensorflow/tfjs-core';
import { attribute, defineWasmKernel, hasFusedKernel, input, matrixShape, runFusedSingle, saved } from './fused-op.js';

defineWasmKernel('DgpoEmbedding', ({ inputs, context }) => {
  const table = input(inputs, 'table');
  const ids = input(inputs, 'ids');
  const { width } = matrixShape(table);
  const count = ids.shape.reduce((product, dimension) => product * dimension, 1);
  const out = context.output([...ids.shape, width]);
  context.kernels.embedding(count, width, context.pointer(table), context.pointer(ids), context.pointer(out));
  return out;
});

defineWasmKernel('DgpoEmbeddingGradient', ({ inputs, attributes, context }) => {
  const gradient = input(inputs, 'gradient');
  const ids = input(inputs, 'ids');
  const { rows, width } = matrixShape(gradient);
  const vocabulary = attribute(attributes, 'vocabulary');
  const out = context.output([vocabulary, width]);
  context.kernels.embeddingGradient(
    rows,
    width,
    vocabulary,
    context.pointer(ids),
    context.pointer(gradient),
    context.pointer(out),
  );
  return out;
});

tf.registerGradient({
  kernelName: 'DgpoEmbedding',
  inputsToSave: ['table', 'ids'],
  gradFunc: (dy, savedTensors) => {
    const table = saved(savedTensors, 0);
    const ids = saved(savedTensors, 1);
    return {
      table: () =>
        runFusedSingle(
          'DgpoEmbeddingGradient',
          { gradient: dy as tf.Tensor, ids },
          { vocabulary: matrixShape(table).rows },
        ),
      ids: () => tf.zerosLike(ids),
    };
  },
});

/** The same from stock ops. The wasm backend has no `UnsortedSegmentSum`, so there its gradient needs the fused op. */
function embeddingReference({ table, ids }: { table: tf.Tensor; ids: tf.Tensor }): tf.Tensor {
  return tf.gather(table, ids, 0);
}

/**
 * Rows of a table: token embeddings, or the hidden states at chosen positions.
 *
 * @param options.table `[rows, width]`
 * @param options.ids int32, any shape, each within `[0, rows)`
 * @returns `[...ids, width]`
 */
export function embedding(options: { table: tf.Tensor; ids: tf.Tensor }): tf.Tensor {
  return hasFusedKernel('DgpoEmbedding')
    ? runFusedSingle('DgpoEmbedding', { table: options.table, ids: options.ids })
    : embeddingReference(options);
}
