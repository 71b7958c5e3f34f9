import { linear } from '@dgpo/lm';
import * as tf from '@tensorflow/tfjs-core';

/** Logits of both models for some rows. */
export interface LogitRows {
  /** `[count, vocabulary]`, differentiable. */
  studentLogits: tf.Tensor2D;
  /** `[count, vocabulary]`, a constant. */
  teacherLogits: tf.Tensor2D;
}

export interface VocabularyLossOptions<Name extends string> {
  /** Student, `[n, width]`. */
  hidden: tf.Tensor;
  /** Student's output embedding, `[vocabulary, width]`. */
  weight: tf.Tensor;
  /** Teacher, `[n, teacherWidth]`; no gradient flows into it. */
  teacherHidden: tf.Tensor;
  /** Teacher's output embedding, `[vocabulary, teacherWidth]`. */
  teacherWeight: tf.Tensor;
  /** Rows whose logits exist at one time. @default as many as make 16 MiB of logits, at least 16 */
  rowsAtOnce?: number;
  /** Values of some rows by name, `[count]` each; every row must count for itself. It runs again in the backward pass. */
  run: (rows: LogitRows) => Record<Name, tf.Tensor>;
}

const logitsAtOnce = 2 ** 22;

/**
 * Functions of two next-token distributions per row, straight from hidden states: logits are made for some rows at a time, dropped once
 * they are reduced, and made again in the backward pass.
 *
 * @returns the values of `run`, `[n]` each
 */
export function vocabularyLoss<Name extends string>(options: VocabularyLossOptions<Name>): Record<Name, tf.Tensor1D> {
  const { hidden, weight, teacherHidden, teacherWeight, run } = options;
  const [total = 0] = hidden.shape;
  const rowsAtOnce = options.rowsAtOnce ?? Math.max(16, Math.floor(logitsAtOnce / (weight.shape[0] ?? 1)));
  const starts = Array.from({ length: Math.max(1, Math.ceil(total / rowsAtOnce)) }, (_, index) => index * rowsAtOnce);
  let names: string[] = [];
  // Not matMul: XNNPACK keeps packed copies of its weights, which an update in place does not reach.
  const logits = (states: tf.Tensor, embedding: tf.Tensor) => linear({ x: states, weight: embedding }) as tf.Tensor2D;
  const chunk = (states: tf.Tensor, embedding: tf.Tensor, taught: tf.Tensor, teacher: tf.Tensor) => {
    const values: Record<string, tf.Tensor> = run({
      studentLogits: logits(states, embedding),
      teacherLogits: logits(taught, teacher),
    });
    names = Object.keys(values);
    return tf.stack(Object.values(values));
  };
  const rowsOf = (tensor: tf.Tensor, start: number) =>
    tf.slice(tensor, [start, 0], [Math.min(rowsAtOnce, total - start), -1]);

  const compute = tf.customGrad((...inputs) => {
    const [states, embedding, save] = inputs as unknown as [tf.Tensor, tf.Tensor, tf.GradSaveFunc];
    save([states, embedding, teacherHidden, teacherWeight]);
    const value = tf.concat(
      starts.map((start) => chunk(rowsOf(states, start), embedding, rowsOf(teacherHidden, start), teacherWeight)),
      1,
    );
    const gradFunc = (gradient: tf.Tensor, saved: tf.Tensor[]) => {
      const [h, w, taught, teacher] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
      const engine = tf.engine();
      // The outer backward pass is under way with a tape of its own, which the inner one would drop.
      const outerTape = engine.state.activeTape;
      const parts: tf.Tensor[] = [];
      let weightGradient = tf.zerosLike(w);
      for (const start of starts) {
        const own = rowsOf(h, start);
        const above = tf.slice(gradient, [0, start], [-1, Math.min(rowsAtOnce, total - start)]);
        const { value: again, grads } = engine.gradients(
          () => chunk(own, w, rowsOf(taught, start), teacher),
          [own, w],
          above,
          true,
        );
        again.dispose();
        parts.push(grads[0] ?? tf.zerosLike(own));
        const sum = tf.add(weightGradient, grads[1] ?? tf.zerosLike(w));
        tf.dispose([weightGradient, ...(grads[1] === undefined ? [] : [grads[1]])]);
        weightGradient = sum;
      }
      engine.state.activeTape = outerTape;
      return [tf.concat(parts, 0), weightGradient];
    };
    return { value, gradFunc };
  });
  const values = compute(hidden, weight);
  // The gradient of unstack does not know of a single tensor.
  const columns = names.length === 1 ? [tf.reshape(values, [-1])] : tf.unstack(values);
  return Object.fromEntries(names.map((name, index) => [name, columns[index] as tf.Tensor1D])) as Record<
    Name,
    tf.Tensor1D
  >;
}
