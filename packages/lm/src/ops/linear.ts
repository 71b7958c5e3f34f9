import * as tf from '@tensorflow/tfjs-core';
import { attribute, defineWasmKernel, hasFusedKernel, input, matrixShape, runFusedSingle, saved } from './fused-op.js';
import { rowSum } from './row-sum.js';
import { sum } from './sum.js';

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

type Kernel = Parameters<Parameters<typeof defineWasmKernel>[1]>[0];

/** `y = x·weightᵀ + bias`, or `y += x·weightᵀ`. */
function product(options: {
  context: Kernel['context'];
  x: tf.TensorInfo;
  weight: tf.TensorInfo;
  bias?: tf.TensorInfo | undefined;
  y: tf.TensorInfo;
  accumulate: boolean;
}): void {
  const { context, x, weight, bias, y, accumulate } = options;
  const { rows, width } = matrixShape(x);
  const outputs = matrixShape(weight).rows;
  context.matrixProduct({
    m: rows,
    n: outputs,
    k: width,
    a: context.pointer(x),
    b: context.pointer(weight),
    transposeB: true,
    c: context.pointer(y),
    bias: bias === undefined ? undefined : context.pointer(bias),
    accumulate,
  });
}

function linearKernel({ inputs, context }: Kernel): tf.TensorInfo {
  const x = input(inputs, 'x');
  const weight = input(inputs, 'weight');
  const y = context.output([...x.shape.slice(0, -1), matrixShape(weight).rows]);
  product({ context, x, weight, bias: inputs.bias, y, accumulate: false });
  return y;
}

defineWasmKernel('DgpoLinear', linearKernel);

defineWasmKernel('DgpoAdaptedLinear', (options) => {
  const { inputs, context } = options;
  const y = linearKernel(options);
  product({ context, x: input(inputs, 'low'), weight: input(inputs, 'up'), y, accumulate: true });
  return y;
});

/** Gradients of the two sides of a product; each is made only if it is asked for. */
const sides = (gradient: tf.Tensor, x: tf.Tensor, weight: tf.Tensor) => ({
  x: () => runFusedSingle('DgpoMatMul', { a: gradient, b: weight }, { transposeA: 0, transposeB: 0 }),
  weight: () => runFusedSingle('DgpoMatMul', { a: gradient, b: x }, { transposeA: 1, transposeB: 0 }),
});

tf.registerGradient({
  kernelName: 'DgpoLinear',
  inputsToSave: ['x', 'weight'],
  gradFunc: (dy, savedTensors) => {
    const gradient = dy as tf.Tensor;
    return { ...sides(gradient, saved(savedTensors, 0), saved(savedTensors, 1)), bias: () => rowSum(gradient) };
  },
});

tf.registerGradient({
  kernelName: 'DgpoAdaptedLinear',
  inputsToSave: ['x', 'weight', 'low', 'up'],
  gradFunc: (dy, savedTensors) => {
    const gradient = dy as tf.Tensor;
    const adapter = sides(gradient, saved(savedTensors, 2), saved(savedTensors, 3));
    return {
      ...sides(gradient, saved(savedTensors, 0), saved(savedTensors, 1)),
      bias: () => rowSum(gradient),
      low: adapter.x,
      up: adapter.weight,
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
  /** A second product that is added: `low`, `[..., rank]`, times the transpose of `up`, `[out, rank]`. @default none */
  adapter?: { low: tf.Tensor; up: tf.Tensor } | undefined;
}

/** The same from stock ops, for every backend. */
export function linearReference({ x, weight, bias, adapter }: LinearOptions): tf.Tensor {
  const { rows, width } = matrixShape(x);
  const y = tf.matMul(tf.reshape(x, [rows, width]), weight as tf.Tensor2D, false, true);
  const shaped = tf.reshape(y, [...x.shape.slice(0, -1), matrixShape(weight).rows]);
  const biased = bias === undefined ? shaped : tf.add(shaped, bias);
  return adapter === undefined ? biased : sum(biased, linearReference({ x: adapter.low, weight: adapter.up }));
}

/**
 * `y = x·weightᵀ (+ bias) (+ low·upᵀ)`.
 *
 * @returns `[..., out]`
 */
export function linear(options: LinearOptions): tf.Tensor {
  if (!hasFusedKernel('DgpoLinear')) return linearReference(options);
  const { x, weight, bias, adapter } = options;
  const inputs = bias === undefined ? { x, weight } : { x, weight, bias };
  if (adapter === undefined) return runFusedSingle('DgpoLinear', inputs);
  return runFusedSingle('DgpoAdaptedLinear', { ...inputs, ...adapter });
}
