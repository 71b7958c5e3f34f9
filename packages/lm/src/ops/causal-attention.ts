import * as tf from '@tensorflow/tfjs-core';
import {
  attribute,
  defineWasmKernel,
  hasFusedKernel,
  input,
  runFused,
  runFusedSingle,
  saved,
  spreadMask,
} from './fused-op.js';

interface Heads {
  batch: number;
  time: number;
  heads: number;
  keyValueHeads: number;
  headDim: number;
}

function headsOf(attributes: Record<string, number>): Heads {
  return {
    batch: attribute(attributes, 'batch'),
    time: attribute(attributes, 'time'),
    heads: attribute(attributes, 'heads'),
    keyValueHeads: attribute(attributes, 'keyValueHeads'),
    headDim: attribute(attributes, 'headDim'),
  };
}

defineWasmKernel('DgpoCausalAttention', ({ inputs, attributes, context }) => {
  const { kernels, pointer } = context;
  const { batch, time, heads, keyValueHeads, headDim } = headsOf(attributes);
  const queryKeyValue = input(inputs, 'queryKeyValue');
  const row = (heads + 2 * keyValueHeads) * headDim;
  const rotatedRow = (heads + keyValueHeads) * headDim;
  const out = context.output([batch * time, heads * headDim]);
  const rotated = context.output([batch * time, rotatedRow]);
  const logSumExp = context.output([batch, heads, time]);
  kernels.rotary(
    batch * time,
    heads + keyValueHeads,
    headDim,
    pointer(queryKeyValue),
    row,
    pointer(input(inputs, 'positions')),
    pointer(input(inputs, 'cosSin')),
    pointer(rotated),
    rotatedRow,
    1,
  );
  kernels.attention(
    batch,
    time,
    heads,
    keyValueHeads,
    headDim,
    pointer(rotated),
    rotatedRow,
    pointer(rotated) + heads * headDim * 4,
    rotatedRow,
    pointer(queryKeyValue) + rotatedRow * 4,
    row,
    pointer(input(inputs, 'lengths')),
    1 / Math.sqrt(headDim),
    pointer(out),
    heads * headDim,
    pointer(logSumExp),
    context.scratch(kernels.attentionScratchBytes(time, headDim)),
  );
  return [out, rotated, logSumExp];
});

defineWasmKernel('DgpoCausalAttentionGradient', ({ inputs, attributes, context }) => {
  const { kernels, pointer } = context;
  const { batch, time, heads, keyValueHeads, headDim } = headsOf(attributes);
  const queryKeyValue = input(inputs, 'queryKeyValue');
  const rotated = input(inputs, 'rotated');
  const row = (heads + 2 * keyValueHeads) * headDim;
  const rotatedRow = (heads + keyValueHeads) * headDim;
  const keys = heads * headDim * 4;
  const values = rotatedRow * 4;
  const result = context.output([...queryKeyValue.shape]);
  kernels.attentionGradient(
    batch,
    time,
    heads,
    keyValueHeads,
    headDim,
    pointer(rotated),
    rotatedRow,
    pointer(rotated) + keys,
    rotatedRow,
    pointer(queryKeyValue) + values,
    row,
    pointer(input(inputs, 'lengths')),
    1 / Math.sqrt(headDim),
    pointer(input(inputs, 'out')),
    heads * headDim,
    pointer(input(inputs, 'logSumExp')),
    pointer(input(inputs, 'gradient')),
    heads * headDim,
    pointer(result),
    row,
    pointer(result) + keys,
    row,
    pointer(result) + values,
    row,
    context.scratch(kernels.attentionGradientScratchBytes(time, headDim)),
  );
  kernels.rotary(
    batch * time,
    heads + keyValueHeads,
    headDim,
    pointer(result),
    row,
    pointer(input(inputs, 'positions')),
    pointer(input(inputs, 'cosSin')),
    pointer(result),
    row,
    -1,
  );
  return result;
});

tf.registerGradient({
  kernelName: 'DgpoCausalAttention',
  inputsToSave: ['queryKeyValue', 'lengths', 'positions', 'cosSin'],
  outputsToSave: [true, true, true],
  gradFunc: (dy, savedTensors, attributes) => {
    const names = ['queryKeyValue', 'lengths', 'positions', 'cosSin', 'out', 'rotated', 'logSumExp'];
    const inputs = Object.fromEntries(names.map((name, index) => [name, saved(savedTensors, index)]));
    const constant = (name: string) => () => tf.zerosLike(inputs[name] as tf.Tensor);
    return {
      queryKeyValue: () =>
        runFusedSingle(
          'DgpoCausalAttentionGradient',
          { ...inputs, gradient: saved(dy as tf.Tensor[], 0) },
          attributes as unknown as Record<string, number>,
        ),
      lengths: constant('lengths'),
      positions: constant('positions'),
      cosSin: constant('cosSin'),
    };
  },
});

export interface CausalAttentionOptions extends Heads {
  /** `[batch * time, (heads + 2 * keyValueHeads) * headDim]`: queries, keys, values side by side, before rotation. */
  queryKeyValue: tf.Tensor;
  /** int32 `[batch]`: tokens of each row that are real; the rest is padding on the right. */
  lengths: tf.Tensor;
  /** int32 `[batch * time]`: the position of every token. */
  positions: tf.Tensor;
  /** `[maxPositions, headDim]`, see `rotaryTable`. */
  cosSin: tf.Tensor;
}

/** Rotates `[tokens, heads, headDim]` from stock ops. */
export function rotaryReference(options: { x: tf.Tensor3D; positions: tf.Tensor; cosSin: tf.Tensor }): tf.Tensor3D {
  const rows = tf.gather(options.cosSin, options.positions);
  const [cosine, sine] = tf.split(tf.expandDims(rows, 1), 2, -1) as [tf.Tensor, tf.Tensor];
  const [first, second] = tf.split(options.x, 2, -1) as [tf.Tensor, tf.Tensor];
  return tf.concat(
    [tf.sub(tf.mul(first, cosine), tf.mul(second, sine)), tf.add(tf.mul(second, cosine), tf.mul(first, sine))],
    -1,
  ) as tf.Tensor3D;
}

/** The same from stock ops, for every backend. */
export function causalAttentionReference(options: CausalAttentionOptions): tf.Tensor2D {
  const { batch, time, heads, keyValueHeads, headDim } = options;
  const steps = tf.range(0, time, 1, 'int32');
  const real = tf.less(tf.expandDims(steps, 0), tf.expandDims(options.lengths, 1)); // [batch, time]
  const rows = spreadMask(tf.reshape(real, [batch * time]), options.queryKeyValue);
  // A bias hides the scores of padding but not a NaN among them.
  const clean = tf.where(rows, options.queryKeyValue, tf.zerosLike(options.queryKeyValue));
  const split = tf.split(
    tf.reshape(clean, [batch * time, heads + 2 * keyValueHeads, headDim]),
    [heads, keyValueHeads, keyValueHeads],
    1,
  ) as tf.Tensor3D[];
  const [query, key, value] = split as [tf.Tensor3D, tf.Tensor3D, tf.Tensor3D];
  const { positions, cosSin } = options;
  const rotatedKey = rotaryReference({ x: key, positions, cosSin });
  const group = heads / keyValueHeads;
  // [batch, heads, time, headDim], every key-value head repeated for the query heads of its group.
  const spread = (x: tf.Tensor3D, count: number) => {
    const byHead = tf.transpose(tf.reshape(x, [batch, time, count, headDim]), [0, 2, 1, 3]);
    if (count === heads) return byHead;
    // Tile has no gradient beyond rank 4; a group's heads are copies, so they are joined instead.
    const perHead = count === 1 ? [byHead] : tf.split(byHead, count, 1);
    return tf.concat(
      perHead.flatMap((head) => new Array<tf.Tensor>(group).fill(head)),
      1,
    );
  };
  const scores = tf.mul(
    tf.matMul(
      spread(rotaryReference({ x: query, positions, cosSin }), heads),
      spread(rotatedKey, keyValueHeads),
      false,
      true,
    ),
    1 / Math.sqrt(headDim),
  );
  const causal = tf.lessEqual(tf.expandDims(steps, 0), tf.expandDims(steps, 1));
  const visible = tf.logicalAnd(tf.reshape(causal, [1, 1, time, time]), tf.reshape(real, [batch, 1, 1, time]));
  const bias = tf.mul(tf.sub(1, tf.cast(visible, 'float32')), -1e9);
  const mixed = tf.matMul(tf.softmax(tf.add(scores, bias), -1), spread(value, keyValueHeads));
  const flat = tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [batch * time, heads * headDim]);
  return tf.mul(flat, tf.reshape(tf.cast(real, 'float32'), [batch * time, 1])) as tf.Tensor2D;
}

/**
 * Causal grouped-query attention with rotary positions. Probabilities are made again in the backward pass, never kept.
 *
 * @returns `[batch * time, heads * headDim]`; rows of padding are 0
 */
export function causalAttention(options: CausalAttentionOptions): tf.Tensor2D {
  if (!hasFusedKernel('DgpoCausalAttention')) return causalAttentionReference(options);
  const { queryKeyValue, lengths, positions, cosSin, batch, time, heads, keyValueHeads, headDim } = options;
  return saved(
    runFused(
      'DgpoCausalAttention',
      { queryKeyValue, lengths, positions, cosSin },
      { batch, time, heads, keyValueHeads, headDim },
    ),
    0,
  ) as tf.Tensor2D;
}
