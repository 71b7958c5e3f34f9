import * as tf from '@tensorflow/tfjs-core';
import {
  causalAttention,
  embedding,
  gelu,
  headNorm,
  layerNorm,
  linear,
  rmsNorm,
  swiglu,
  tokenLogProbs,
  vocabularyKl,
  vocabularyLoss,
} from '../../ops/index.js';
import type * as ops from '../../ops/index.js';
import { rotaryTable } from '../../ops/rotary-table.js';
import {
  causalAttention64,
  embedding64,
  gelu64,
  headNorm64,
  layerNorm64,
  linear64,
  rmsNorm64,
  swiglu64,
  tokenLogProbs64,
  vocabularyKl64,
} from './float64-ops.js';

type Inputs<Item> = (name: string) => Item;

/** One op at one shape, twice: on the engine, and in float64. */
export interface OpCase {
  op: keyof typeof ops;
  title: string;
  /** Shapes of what the op is differentiated by. */
  shapes: Record<string, number[]>;
  compute: (input: Inputs<tf.Tensor>) => tf.Tensor;
  float64: (input: Inputs<ArrayLike<number>>) => number[];
}

function attentionCase(shape: {
  batch: number;
  time: number;
  heads: number;
  keyValueHeads: number;
  headDim: number;
  lengths: number[];
}): OpCase {
  const { batch, time, heads, keyValueHeads, headDim, lengths } = shape;
  const theta = 10_000;
  return {
    op: 'causalAttention',
    title: `${heads} heads over ${keyValueHeads}, lengths ${lengths}`,
    shapes: { queryKeyValue: [batch * time, (heads + 2 * keyValueHeads) * headDim] },
    compute: (input) =>
      causalAttention({
        ...{ batch, time, heads, keyValueHeads, headDim },
        queryKeyValue: input('queryKeyValue'),
        lengths: tf.tensor1d(lengths, 'int32'),
        positions: tf.tensor1d(
          Array.from({ length: batch * time }, (_, index) => index % time),
          'int32',
        ),
        cosSin: tf.tensor2d(rotaryTable({ maxPositions: time, headDim, theta }), [time, headDim]),
      }),
    float64: (input) =>
      causalAttention64({
        ...{ time, heads, keyValueHeads, headDim, lengths, theta },
        queryKeyValue: input('queryKeyValue'),
      }),
  };
}

function tokenLogProbsCase(temperature: number): OpCase {
  const targets = [3, -1, 0, 10, 6];
  return {
    op: 'tokenLogProbs',
    title: `temperature ${temperature}`,
    shapes: { hidden: [5, 6], weight: [11, 6] },
    compute: (input) => {
      const { logProbs, entropy } = tokenLogProbs({
        hidden: input('hidden'),
        weight: input('weight'),
        targets: tf.tensor1d(targets, 'int32'),
        temperature,
      });
      return tf.stack([logProbs, entropy]);
    },
    float64: (input) =>
      tokenLogProbs64({ hidden: input('hidden'), weight: input('weight'), targets, width: 6, temperature }),
  };
}

const klMask = [1, 0, 1, 1];
// float32 values, so that both sides get the same numbers.
const teacherHidden = Float32Array.from({ length: 12 }, (_, index) => Math.sin(index));
const teacherWeight = Float32Array.from({ length: 27 }, (_, index) => Math.cos(index * 2));

const klInputs = (input: Inputs<tf.Tensor>) => ({
  hidden: input('hidden'),
  weight: input('weight'),
  teacherHidden: tf.tensor2d(teacherHidden, [4, 3]),
  teacherWeight: tf.tensor2d(teacherWeight, [9, 3]),
  mask: tf.tensor1d(klMask),
});

function vocabularyKlCase(direction: 'forward' | 'reverse'): OpCase {
  return {
    op: 'vocabularyKl',
    title: direction,
    shapes: { hidden: [4, 5], weight: [9, 5] },
    compute: (input) => vocabularyKl({ ...klInputs(input), direction }),
    float64: (input) =>
      vocabularyKl64({
        hidden: input('hidden'),
        weight: input('weight'),
        ...{ teacherHidden, teacherWeight, mask: klMask, direction },
      }),
  };
}

/** The forward KL from logits of stock ops, some rows at a time. */
function vocabularyLossCase(rowsAtOnce: number): OpCase {
  return {
    ...vocabularyKlCase('forward'),
    op: 'vocabularyLoss',
    title: `the forward KL, ${rowsAtOnce} rows at a time`,
    compute: (input) =>
      vocabularyLoss({
        ...klInputs(input),
        rowsAtOnce,
        run: ({ studentLogits, teacherLogits }) => {
          const [student, teacher] = [tf.logSoftmax(studentLogits), tf.logSoftmax(teacherLogits)];
          return { kl: tf.sum(tf.mul(tf.exp(teacher), tf.sub(teacher, student)), 1) };
        },
      }).kl,
  };
}

const ids = [4, 0, 4, 2, 4];

/** Every op that `ops/index.ts` exports, at least once. */
export const opCases: readonly OpCase[] = [
  ...[1, 3, 33].map((rows): OpCase => ({
    op: 'linear',
    title: `${rows} rows`,
    shapes: { x: [rows, 5], weight: [7, 5] },
    compute: (input) => linear({ x: input('x'), weight: input('weight') }),
    float64: (input) => linear64({ x: input('x'), weight: input('weight'), width: 5 }),
  })),
  ...[1, 33].map((rows): OpCase => ({
    op: 'linear',
    title: `${rows} rows with a bias`,
    shapes: { x: [rows, 5], weight: [7, 5], bias: [7] },
    compute: (input) => linear({ x: input('x'), weight: input('weight'), bias: input('bias') }),
    float64: (input) => linear64({ x: input('x'), weight: input('weight'), bias: input('bias'), width: 5 }),
  })),
  ...[1, 33].map((rows): OpCase => ({
    op: 'linear',
    title: `${rows} rows with a bias and an adapter`,
    shapes: { x: [rows, 5], weight: [7, 5], bias: [7], low: [rows, 3], up: [7, 3] },
    compute: (input) =>
      linear({
        x: input('x'),
        weight: input('weight'),
        bias: input('bias'),
        adapter: { low: input('low'), up: input('up') },
      }),
    float64: (input) => {
      const added = linear64({ x: input('low'), weight: input('up'), width: 3 });
      const base = linear64({ x: input('x'), weight: input('weight'), bias: input('bias'), width: 5 });
      return base.map((value, index) => value + (added[index] as number));
    },
  })),
  ...[3, 65].map((width): OpCase => ({
    op: 'rmsNorm',
    title: `width ${width}`,
    shapes: { x: [4, width], weight: [width] },
    compute: (input) => rmsNorm({ x: input('x'), weight: input('weight'), epsilon: 1e-5 }),
    float64: (input) => rmsNorm64({ x: input('x'), weight: input('weight'), epsilon: 1e-5 }),
  })),
  ...[3, 65].map((width): OpCase => ({
    op: 'layerNorm',
    title: `width ${width}`,
    shapes: { x: [4, width], weight: [width], bias: [width] },
    compute: (input) => layerNorm({ x: input('x'), weight: input('weight'), bias: input('bias'), epsilon: 1e-5 }),
    float64: (input) => layerNorm64({ x: input('x'), weight: input('weight'), bias: input('bias'), epsilon: 1e-5 }),
  })),
  ...[
    { heads: 2, keyValueHeads: 1 },
    { heads: 3, keyValueHeads: 3 },
  ].map((counts): OpCase => ({
    op: 'headNorm',
    title: `${counts.heads} heads and ${counts.keyValueHeads}`,
    shapes: {
      queryKeyValue: [4, (counts.heads + 2 * counts.keyValueHeads) * 6],
      queryWeight: [6],
      keyWeight: [6],
    },
    compute: (input) =>
      headNorm({
        queryKeyValue: input('queryKeyValue'),
        queryWeight: input('queryWeight'),
        keyWeight: input('keyWeight'),
        ...counts,
        headDim: 6,
        epsilon: 1e-5,
      }),
    float64: (input) =>
      headNorm64({
        queryKeyValue: input('queryKeyValue'),
        queryWeight: input('queryWeight'),
        keyWeight: input('keyWeight'),
        ...counts,
        epsilon: 1e-5,
      }),
  })),
  ...(['tanh', 'none'] as const).map((approximate): OpCase => ({
    op: 'gelu',
    title: `approximate ${approximate}`,
    shapes: { x: [5, 9] },
    compute: (input) => gelu({ x: input('x'), approximate }),
    float64: (input) => gelu64({ x: input('x'), approximate }),
  })),
  ...[2, 33].map((width): OpCase => ({
    op: 'swiglu',
    title: `width ${width}`,
    shapes: { gateUp: [3, 2 * width] },
    compute: (input) => swiglu({ gateUp: input('gateUp') }),
    float64: (input) => swiglu64({ gateUp: input('gateUp'), width }),
  })),
  {
    op: 'embedding',
    title: 'repeated ids',
    shapes: { table: [6, 5] },
    compute: (input) => embedding({ table: input('table'), ids: tf.tensor1d(ids, 'int32') }),
    float64: (input) => embedding64({ table: input('table'), ids, width: 5 }),
  },
  attentionCase({ batch: 1, time: 1, heads: 1, keyValueHeads: 1, headDim: 2, lengths: [1] }),
  attentionCase({ batch: 2, time: 5, heads: 2, keyValueHeads: 2, headDim: 6, lengths: [5, 3] }),
  attentionCase({ batch: 1, time: 9, heads: 4, keyValueHeads: 2, headDim: 4, lengths: [8] }),
  attentionCase({ batch: 1, time: 6, heads: 3, keyValueHeads: 1, headDim: 4, lengths: [6] }),
  tokenLogProbsCase(1),
  tokenLogProbsCase(0.7),
  vocabularyKlCase('forward'),
  vocabularyKlCase('reverse'),
  vocabularyLossCase(4),
  vocabularyLossCase(2),
];
