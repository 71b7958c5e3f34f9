import * as tf from '@tensorflow/tfjs-core';
import { attribute, defineWasmKernel, hasFusedKernel, input, matrixShape, runFusedSingle, saved } from './fused-op.js';
import { rowSum } from './row-sum.js';

/**
 * `C = op(A)·op(B)` over row-major matrices; the attributes say which operand is read transposed. Transposed reads cost nothing:
 * the kernel packs one operand anyway. (Stock wasm matmul drops from 40 to 3 GFLOP/s with `transposeA` or `transposeB`.)
 */
defineWasmKernel('DgpoMatMul', ({ inputs, attributes, context }) => {
  const a = input(inputs, 'a');
  const b = input(inputs, 'b');
  const transposeA = attribute(attributes, 'transposeA') === 1;
  const transposeB = attribute(attributes, 'transposeB') === 1;
  const shapeA = matrixShape(a);
  const shapeB = matrixShape(b);
  const m = transposeA ? shapeA.width : shapeA.rows;
  const k = transposeA ? shapeA.rows : shapeA.width;
  const n = transposeB ? shapeB.rows : shapeB.width;
  const c = context.output(transposeA ? [m, n] : [...a.shape.slice(0, -1), n]);
  context.matrixProduct({
    m,
    n,
    k,
    a: context.pointer(a),
    transposeA,
    b: context.pointer(b),
    transposeB,
    c: context.pointer(c),
  });
  return c;
});

defineWasmKernel('DgpoLinear', ({ inputs, context }) => {
  const x = input(inputs, 'x');
  const weight = input(inputs, 'weight');
  const { bias } = inputs;
  const { rows, width } = matrixShape(x);
  const outputs = matrixShape(weight).rows;
  const y = context.output([...x.shape.slice(0, -1), outputs]);
  context.matrixProduct({
    m: rows,
    n: outputs,
    k: width,
    a: context.pointer(x),
    b: context.pointer(weight),
    transposeB: true,
    c: context.pointer(y),
    bias: bias === undefined ? undefined : context.pointer(bias),
  });
  return y;
});

tf.registerGradient({
  kernelName: 'DgpoLinear',
  inputsToSave: ['x', 'weight'],
  gradFunc: (dy, savedTensors) => {
    const gradient = dy as tf.Tensor;
    const x = saved(savedTensors, 0);
    const weight = saved(savedTensors, 1);
    return {
      x: () => runFusedSingle('DgpoMatMul', { a: gradient, b: weight }, { transposeA: 0, transposeB: 0 }),
      weight: () => runFusedSingle('DgpoMatMul', { a: gradient, b: x }, { transposeA: 1, transposeB: 0 }),
      bias: () => rowSum(gradient),
    };
  },
});

export interface LinearOptions {
  /** `[..., in]` */
  x: tf.Tensor;
  /** `[out, in]`, the layout of Hugging Face */
  weight: tf.Tensor;
  /** `[out]` @default none */
  bias?: tf.Tensor | undefined;
}

/** The same from stock ops, for every backend. */
export function linearReference({ x, weight, bias }: LinearOptions): tf.Tensor {
  const { rows, width } = matrixShape(x);
  const y = tf.matMul(tf.reshape(x, [rows, width]), weight as tf.Tensor2D, false, true);
  const shaped = tf.reshape(y, [...x.shape.slice(0, -1), matrixShape(weight).rows]);
  return bias === undefined ? shaped : tf.add(shaped, bias);
}

/**
 * `y = x·weightᵀ (+ bias)`.
 *
 * @returns `[..., out]`
 */
export function linear(options: LinearOptions): tf.Tensor {
  if (!hasFusedKernel('DgpoLinear')) return linearReference(options);
  const { x, weight, bias } = options;
  return runFusedSingle('DgpoLinear', bias === undefined ? { x, weight } : { x, weight, bias });
}
