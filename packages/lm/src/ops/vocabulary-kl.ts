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
import { requireSameVocabulary } from './same-vocabulary.js';

const rowsAtOnce = (vocabulary: number) => logitRowsAtOnce({ vocabulary, matrices: 2 });

interface Chunk {
  count: number;
  start: number;
  studentLogits: number;
  teacherLogits: number;
  /** The student's hidden states, zeros where the mask is 0. */
  hidden: number;
}

type Context = Parameters<Parameters<typeof defineWasmKernel>[1]>[0]['context'];

/** Makes the logits of both models chunk by chunk in scratch memory. */
function forEachChunk(inputs: Record<string, tf.TensorInfo>, context: Context, visit: (chunk: Chunk) => void): void {
  const { pointer } = context;
  const student = { hidden: input(inputs, 'hidden'), weight: input(inputs, 'weight') };
  const teacher = { hidden: input(inputs, 'teacherHidden'), weight: input(inputs, 'teacherWeight') };
  const { rows, width } = matrixShape(student.hidden);
  const teacherWidth = matrixShape(teacher.hidden).width;
  const vocabulary = matrixShape(student.weight).rows;
  const size = Math.min(rows, rowsAtOnce(vocabulary));
  const logitBytes = size * vocabulary * 4;
  const cleanBytes = size * width * 4;
  const clean = context.scratch(cleanBytes + 2 * logitBytes);
  const studentLogits = clean + cleanBytes;
  const teacherLogits = studentLogits + logitBytes;
  for (let start = 0; start < rows; start += size) {
    const count = Math.min(size, rows - start);
    const mask = context.floats(pointer(input(inputs, 'mask')) + start * 4, count);
    const hidden = countedRows({
      context,
      pointer: pointer(student.hidden) + start * width * 4,
      count,
      width,
      counts: (row) => (mask[row] ?? 0) > 0,
      scratch: clean,
    });
    const teacherAt = pointer(teacher.hidden) + start * teacherWidth * 4;
    for (const { from, weight, inner, logits } of [
      { from: hidden, weight: student.weight, inner: width, logits: studentLogits },
      { from: teacherAt, weight: teacher.weight, inner: teacherWidth, logits: teacherLogits },
    ]) {
      context.matrixProduct({
        m: count,
        n: vocabulary,
        k: inner,
        a: from,
        b: pointer(weight),
        transposeB: true,
        c: logits,
      });
    }
    visit({ count, start, studentLogits, teacherLogits, hidden });
  }
}

defineWasmKernel('DgpoVocabularyKl', ({ inputs, attributes, context }) => {
  const mask = input(inputs, 'mask');
  const rows = matrixShape(input(inputs, 'hidden')).rows;
  const vocabulary = matrixShape(input(inputs, 'weight')).rows;
  const value = context.output([rows]);
  const studentLogSumExp = context.output([rows]);
  const teacherLogSumExp = context.output([rows]);
  forEachChunk(inputs, context, ({ count, start, studentLogits, teacherLogits }) => {
    const at = (tensor: tf.TensorInfo) => context.pointer(tensor) + start * 4;
    context.kernels.klDivergence(
      count,
      vocabulary,
      studentLogits,
      teacherLogits,
      at(mask),
      attribute(attributes, 'reverse'),
      at(value),
      at(studentLogSumExp),
      at(teacherLogSumExp),
    );
  });
  return [value, studentLogSumExp, teacherLogSumExp];
});

defineWasmKernel('DgpoVocabularyKlGradient', ({ inputs, attributes, context }) => {
  const { kernels, pointer } = context;
  const hidden = input(inputs, 'hidden');
  const weight = input(inputs, 'weight');
  const width = matrixShape(hidden).width;
  const vocabulary = matrixShape(weight).rows;
  const dHidden = context.output([...hidden.shape]);
  const dWeight = attribute(attributes, 'weightGradient') === 1 ? context.output([...weight.shape]) : undefined;
  forEachChunk(inputs, context, (chunk) => {
    const { count, start, studentLogits, teacherLogits } = chunk;
    const at = (name: string) => pointer(input(inputs, name)) + start * 4;
    kernels.klDivergenceGradient(
      count,
      vocabulary,
      studentLogits,
      teacherLogits,
      at('mask'),
      attribute(attributes, 'reverse'),
      at('value'),
      at('studentLogSumExp'),
      at('teacherLogSumExp'),
      at('gradient'),
      studentLogits,
    );
    const dHiddenAt = pointer(dHidden) + start * width * 4;
    context.matrixProduct({ m: count, n: width, k: vocabulary, a: studentLogits, b: pointer(weight), c: dHiddenAt });
    if (dWeight === undefined) return;
    context.matrixProduct({
      m: vocabulary,
      n: width,
      k: count,
      a: studentLogits,
      transposeA: true,
      b: chunk.hidden,
      c: pointer(dWeight),
      accumulate: start > 0,
    });
  });
  return dWeight === undefined ? [dHidden] : [dHidden, dWeight];
});

tf.registerGradient({
  kernelName: 'DgpoVocabularyKl',
  inputsToSave: ['hidden', 'weight', 'teacherHidden', 'teacherWeight', 'mask'],
  outputsToSave: [true, true, true],
  gradFunc: (dy, savedTensors, attributes) => {
    const names = ['hidden', 'weight', 'teacherHidden', 'teacherWeight', 'mask', 'value', 'studentLogSumExp'];
    const inputs = Object.fromEntries(
      [...names, 'teacherLogSumExp'].map((name, index) => [name, saved(savedTensors, index)]),
    );
    const { reverse, weightGradient } = attributes as unknown as { reverse: number; weightGradient: number };
    const constant = (name: string) => () => tf.zerosLike(inputs[name] as tf.Tensor);
    return {
      ...vocabularyGradients({
        run: (wanted) =>
          runFused(
            'DgpoVocabularyKlGradient',
            { ...inputs, gradient: saved(dy as tf.Tensor[], 0) },
            { reverse, weightGradient: wanted },
          ),
        weightGradient,
      }),
      teacherHidden: constant('teacherHidden'),
      teacherWeight: constant('teacherWeight'),
      mask: constant('mask'),
    };
  },
});

export interface VocabularyKlOptions {
  /** Student, `[n, width]`. */
  hidden: tf.Tensor;
  /** Student's output embedding, `[vocabulary, width]`. */
  weight: tf.Tensor;
  /** Teacher, `[n, teacherWidth]`; no gradient flows into it. */
  teacherHidden: tf.Tensor;
  /** Teacher's output embedding, `[vocabulary, teacherWidth]`. */
  teacherWeight: tf.Tensor;
  /** `[n]`; rows with 0 are skipped, whatever they hold. */
  mask: tf.Tensor;
  /** `forward` is KL(teacher ‖ student), `reverse` is KL(student ‖ teacher). */
  direction: 'forward' | 'reverse';
  /** Divides the logits of both models; the value is not multiplied by its square afterwards. @default 1 */
  temperature?: number;
}

/** Logits are linear in hidden states, so these are divided instead. */
function tempered({ hidden, teacherHidden, temperature = 1 }: VocabularyKlOptions) {
  if (temperature === 1) return { hidden, teacherHidden };
  return { hidden: tf.mul(hidden, 1 / temperature), teacherHidden: tf.mul(teacherHidden, 1 / temperature) };
}

/** The same from stock ops, for every backend. */
export function vocabularyKlReference(options: VocabularyKlOptions & { rowsAtOnce?: number }): tf.Tensor1D {
  const { weight, teacherWeight, mask, direction } = options;
  const { hidden, teacherHidden } = tempered(options);
  const values = inRowChunks({
    rows: { hidden, teacherHidden, mask },
    whole: { weight, teacherWeight },
    rowsAtOnce: options.rowsAtOnce ?? stockRowsAtOnce(matrixShape(weight).rows),
    run: (tensors) => {
      const valid = tf.greater(tensors.mask, 0);
      const logProbs = (states: tf.Tensor, embedding: tf.Tensor) => {
        const clean = tf.where(spreadMask(valid, states), states, tf.zerosLike(states));
        return tf.logSoftmax(tf.matMul(clean as tf.Tensor2D, embedding as tf.Tensor2D, false, true), -1);
      };
      const student = logProbs(tensors.hidden, tensors.weight);
      const teacher = logProbs(tensors.teacherHidden, tensors.teacherWeight);
      const [from, to] = direction === 'forward' ? [teacher, student] : [student, teacher];
      const value = tf.sum(tf.mul(tf.exp(from), tf.sub(from, to)), -1);
      return tf.expandDims(tf.mul(value, tf.cast(valid, 'float32')), 0);
    },
  });
  return tf.reshape(values, [-1]) as tf.Tensor1D;
}

/**
 * Exact KL divergence between two next-token distributions per row, straight from hidden states, `[n]` in nats.
 *
 * @throws ConfigError when the models have vocabularies of different sizes
 */
export function vocabularyKl(options: VocabularyKlOptions): tf.Tensor1D {
  requireSameVocabulary(options);
  if (!hasFusedKernel('DgpoVocabularyKl')) return vocabularyKlReference(options);
  const { weight, teacherWeight, mask, direction } = options;
  const { hidden, teacherHidden } = tempered(options);
  const [value] = runFused(
    'DgpoVocabularyKl',
    { hidden, weight, teacherHidden, teacherWeight, mask },
    { reverse: direction === 'reverse' ? 1 : 0, weightGradient: isTrainable(weight) ? 1 : 0 },
  );
  return value as tf.Tensor1D;
}
