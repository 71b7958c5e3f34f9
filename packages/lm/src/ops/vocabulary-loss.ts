import { ConfigError } from '@dgpo/trajectory';
import * as tf from '@tensorflow/tfjs-core';
import { matrixShape, spreadMask } from './fused-op.js';
import { linear } from './linear.js';
import { inRowChunks } from './row-chunks.js';
import { requireSameVocabulary } from './same-vocabulary.js';

type Tensors = Record<string, tf.Tensor>;

/** A function of logits per row, by name: `[count]` each. */
export type RowValues = Record<string, tf.Tensor>;

/** Some rows of what {@link vocabularyLoss} was given, and their logits. */
export interface LogitRows<Rows extends Tensors> {
  /** `[count, vocabulary]`, differentiable; zeros where the mask is 0. */
  studentLogits: tf.Tensor2D;
  /** `[count]` */
  mask: tf.Tensor1D;
  /** The same rows of every extra tensor. */
  rows: Rows;
}

export interface TaughtLogitRows<Rows extends Tensors> extends LogitRows<Rows> {
  /** `[count, vocabulary]`, a constant; zeros where the mask is 0. */
  teacherLogits: tf.Tensor2D;
}

export interface VocabularyLossOptions<Values extends RowValues, Rows extends Tensors = Record<never, tf.Tensor>> {
  /** Student, `[n, width]`. */
  hidden: tf.Tensor;
  /** Student's output embedding, `[vocabulary, width]`; a variable that is not trainable gets no gradient and costs none. */
  weight: tf.Tensor;
  /** `[n]`: rows with 0 give 0 and no gradient, whatever their hidden states hold. @default all 1 */
  mask?: tf.Tensor | undefined;
  /** More tensors with a first axis of `n`, such as sampled tokens; constants. @default none */
  rows?: Rows;
  /** Rows whose logits exist at one time. @default as many as make 16 MiB of logits, at least 16 */
  rowsAtOnce?: number | undefined;
  /**
   * A pure function of some rows; every row must count for itself. It runs again in the backward pass, and every tensor that it uses
   * must be given to it. Rows with mask 0 have logits 0 and need no care, but for what they have in `rows`.
   */
  run: (rows: LogitRows<Rows>) => Values;
}

export interface TaughtVocabularyLossOptions<Values extends RowValues, Rows extends Tensors = Record<never, tf.Tensor>>
  extends Omit<VocabularyLossOptions<Values, Rows>, 'run'> {
  /** Teacher, `[n, teacherWidth]`; no gradient flows into it. */
  teacherHidden: tf.Tensor;
  /** Teacher's output embedding, `[vocabulary, teacherWidth]`. */
  teacherWeight: tf.Tensor;
  /** As in {@link VocabularyLossOptions}. */
  run: (rows: TaughtLogitRows<Rows>) => Values;
}

/** 16 MiB of logits: functions of two models hold about ten matrices of that size while they run. */
const logitsAtOnce = 2 ** 22;

/** Extra tensors share a record with the others, under names of their own. */
const extra = 'rows.';

/** Zero where the mask is 0, and so is the gradient, also where that from above is NaN. */
function maskedValues(values: tf.Tensor, valid: tf.Tensor): tf.Tensor {
  const op = tf.customGrad((...inputs) => {
    const [x, save] = inputs as [tf.Tensor, tf.GradSaveFunc];
    const all = spreadRows(valid, x);
    save([all]);
    return {
      value: tf.where(all, x, tf.zerosLike(x)),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.where(saved[0] as tf.Tensor, dy, tf.zerosLike(dy)),
    };
  });
  return op(values);
}

/** A mask over rows for `[outputs, count]`. */
const spreadRows = (rows: tf.Tensor, matrix: tf.Tensor) =>
  tf.logicalAnd(tf.expandDims(rows, 0), tf.ones(matrix.shape, 'bool'));

/** With or without a teacher. */
type AnyOptions = Omit<TaughtVocabularyLossOptions<RowValues, Tensors>, 'teacherHidden' | 'teacherWeight' | 'run'> & {
  teacherHidden?: tf.Tensor;
  teacherWeight?: tf.Tensor;
  run: (rows: TaughtLogitRows<Tensors>) => RowValues;
};

/** The same values off the tape; the anchor is any tensor that is. */
const detached = (tensor: tf.Tensor, anchor: tf.Tensor) =>
  tf.customGrad((...inputs) => ({
    value: tf.clone(tensor),
    gradFunc: () => tf.zerosLike(inputs[0] as tf.Tensor),
  }))(anchor);

function requireFit(options: AnyOptions): void {
  const { hidden, weight, mask, teacherHidden, teacherWeight, rows = {}, rowsAtOnce = 1 } = options;
  const total = matrixShape(hidden).rows;
  for (const [name, tensor] of Object.entries({ mask, teacherHidden, ...rows })) {
    if (tensor === undefined || tensor.shape[0] === total) continue;
    throw new ConfigError(`${tensor.shape[0]} rows for ${total} hidden states`, { where: name });
  }
  if (teacherWeight !== undefined) requireSameVocabulary({ weight, teacherWeight });
  if (!(Number.isInteger(rowsAtOnce) && rowsAtOnce > 0)) {
    throw new ConfigError(`expected a positive integer, found ${rowsAtOnce}`, { where: 'rowsAtOnce' });
  }
}

/**
 * Any function of next-token distributions, straight from hidden states: logits are made for some rows at a time, handed to `run`, dropped
 * once they are reduced, and made again in the backward pass. Memory is that of the hidden states and of `rowsAtOnce` rows of logits, not
 * of `[n, vocabulary]`. Gradients flow to `hidden` and a trainable `weight`, never to the teacher or `rows`. Where all rows fit into one
 * chunk their logits are kept for the backward pass. `vocabularyKl` and `tokenLogProbs` do the same faster for what they compute.
 *
 * @returns the values of `run`, `[n]` each
 * @throws ConfigError for shapes that do not fit.
 */
export function vocabularyLoss<Values extends RowValues, Rows extends Tensors = Record<never, tf.Tensor>>(
  options: TaughtVocabularyLossOptions<Values, Rows>,
): { [Name in keyof Values]: tf.Tensor1D };
export function vocabularyLoss<Values extends RowValues, Rows extends Tensors = Record<never, tf.Tensor>>(
  options: VocabularyLossOptions<Values, Rows>,
): { [Name in keyof Values]: tf.Tensor1D };
export function vocabularyLoss(options: AnyOptions): Record<string, tf.Tensor1D> {
  const { hidden, weight, teacherHidden, teacherWeight, rows = {}, run } = options;
  requireFit(options);
  const mask = options.mask ?? tf.ones([hidden.shape[0] ?? 0]);
  const constant = (tensor: tf.Tensor | undefined, name: string) =>
    tensor === undefined ? {} : { [name]: detached(tensor, mask) };
  let names: string[] = [];
  const values = inRowChunks({
    rows: {
      hidden,
      mask,
      ...constant(teacherHidden, 'teacherHidden'),
      ...Object.assign({}, ...Object.entries(rows).map(([name, tensor]) => constant(tensor, `${extra}${name}`))),
    } as Tensors & { hidden: tf.Tensor; mask: tf.Tensor },
    whole: { weight, ...constant(teacherWeight, 'teacherWeight') } as Tensors & { weight: tf.Tensor },
    rowsAtOnce: options.rowsAtOnce ?? Math.max(16, Math.floor(logitsAtOnce / matrixShape(weight).rows)),
    run: (tensors) => {
      const valid = tf.notEqual(tensors.mask, 0);
      const logits = (states: tf.Tensor, embedding: tf.Tensor) => {
        const clean = tf.where(spreadMask(valid, states), states, tf.zerosLike(states));
        return linear({ x: clean, weight: embedding }) as tf.Tensor2D;
      };
      const chunk = {
        studentLogits: logits(tensors.hidden, tensors.weight),
        mask: tensors.mask as tf.Tensor1D,
        rows: Object.fromEntries(Object.keys(rows).map((name) => [name, tensors[`${extra}${name}`] as tf.Tensor])),
      };
      const teacherLogits =
        tensors.teacherHidden === undefined || tensors.teacherWeight === undefined
          ? {}
          : { teacherLogits: logits(tensors.teacherHidden, tensors.teacherWeight) };
      const outputs = run({ ...chunk, ...teacherLogits } as TaughtLogitRows<Tensors>);
      names = Object.keys(outputs);
      return maskedValues(tf.stack(Object.values(outputs)), valid);
    },
  });
  // The gradient of unstack does not know of a single tensor.
  const columns = names.length === 1 ? [tf.reshape(values, [-1])] : tf.unstack(values);
  return Object.fromEntries(names.map((name, index) => [name, columns[index] as tf.Tensor1D]));
}
