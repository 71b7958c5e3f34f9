// The ops of this package written out in float64 from their definitions, over flat row-major arrays.

type Values = ArrayLike<number>;

const at = (values: Values, index: number) => values[index] as number;
const times = (count: number) => Array.from({ length: count }, (_, index) => index);
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** Product of row `i` of `a` and row `j` of `b`. */
const dot = (a: Values, i: number, b: Values, j: number, width: number) =>
  sum(times(width).map((index) => at(a, i * width + index) * at(b, j * width + index)));

export function linear64(options: { x: Values; weight: Values; bias?: Values | undefined; width: number }): number[] {
  const { x, weight, bias, width } = options;
  return times(x.length / width).flatMap((row) =>
    times(weight.length / width).map(
      (output) => dot(x, row, weight, output, width) + (bias === undefined ? 0 : at(bias, output)),
    ),
  );
}

export function rmsNorm64(options: { x: Values; weight: Values; epsilon: number }): number[] {
  const { x, weight, epsilon } = options;
  const width = weight.length;
  return times(x.length).map((index) => {
    const row = Math.floor(index / width);
    return (at(x, index) * at(weight, index % width)) / Math.sqrt(dot(x, row, x, row, width) / width + epsilon);
  });
}

/** RMSNorm of every head of queries and of keys. */
export function headNorm64(options: {
  queryKeyValue: Values;
  queryWeight: Values;
  keyWeight: Values;
  heads: number;
  keyValueHeads: number;
  epsilon: number;
}): number[] {
  const { queryKeyValue, queryWeight, keyWeight, heads, keyValueHeads, epsilon } = options;
  const headDim = queryWeight.length;
  const all = heads + 2 * keyValueHeads;
  return times(queryKeyValue.length / headDim).flatMap((head) => {
    const x = times(headDim).map((index) => at(queryKeyValue, head * headDim + index));
    const index = head % all;
    if (index >= heads + keyValueHeads) return x;
    return rmsNorm64({ x, weight: index < heads ? queryWeight : keyWeight, epsilon });
  });
}

export function layerNorm64(options: { x: Values; weight: Values; bias: Values; epsilon: number }): number[] {
  const { x, weight, bias, epsilon } = options;
  const width = weight.length;
  return times(x.length / width).flatMap((row) => {
    const values = times(width).map((index) => at(x, row * width + index));
    const mean = sum(values) / width;
    const variance = sum(values.map((value) => (value - mean) ** 2)) / width;
    return values.map(
      (value, index) => ((value - mean) / Math.sqrt(variance + epsilon)) * at(weight, index) + at(bias, index),
    );
  });
}

/** The normal distribution function by Simpson's rule on its density, from 0: the error of 400 steps up to 8 is below 1e-10. */
function normalDistribution(x: number): number {
  const steps = 400;
  const density = (value: number) => Math.exp((-value * value) / 2) / Math.sqrt(2 * Math.PI);
  const weight = (step: number) => (step === 0 || step === steps ? 1 : step % 2 === 1 ? 4 : 2);
  return 0.5 + (sum(times(steps + 1).map((step) => density((x * step) / steps) * weight(step))) * x) / steps / 3;
}

export function gelu64(options: { x: Values; approximate: 'tanh' | 'none' }): number[] {
  const tanhForm = (x: number) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
  return Array.from(options.x, (x) => (options.approximate === 'tanh' ? tanhForm(x) : x * normalDistribution(x)));
}

export function swiglu64(options: { gateUp: Values; width: number }): number[] {
  const { gateUp, width } = options;
  return times(gateUp.length / 2).map((index) => {
    const start = Math.floor(index / width) * 2 * width + (index % width);
    const gate = at(gateUp, start);
    return (gate / (1 + Math.exp(-gate))) * at(gateUp, start + width);
  });
}

export function embedding64(options: { table: Values; ids: readonly number[]; width: number }): number[] {
  const { table, ids, width } = options;
  return ids.flatMap((id) => times(width).map((index) => at(table, id * width + index)));
}

export interface Attention64Options {
  queryKeyValue: Values;
  lengths: readonly number[];
  time: number;
  heads: number;
  keyValueHeads: number;
  headDim: number;
  theta: number;
}

export function causalAttention64(options: Attention64Options): number[] {
  const { queryKeyValue, lengths, time, heads, keyValueHeads, headDim, theta } = options;
  const half = headDim / 2;
  const head = (row: number, position: number, index: number) =>
    times(headDim).map((dimension) =>
      at(
        queryKeyValue,
        ((row * time + position) * (heads + 2 * keyValueHeads) + index) * headDim + dimension,
      ),
    );
  const rotated = (row: number, position: number, index: number) => {
    const values = head(row, position, index);
    return values.map((value, dimension) => {
      const angle = position / theta ** ((dimension % half) / half);
      const partner = dimension < half ? -at(values, dimension + half) : at(values, dimension - half);
      return value * Math.cos(angle) + partner * Math.sin(angle);
    });
  };
  const attend = (row: number, position: number, index: number) => {
    const shared = Math.floor((index * keyValueHeads) / heads);
    const query = rotated(row, position, index);
    const scores = times(position + 1).map((other) =>
      Math.exp(dot(query, 0, rotated(row, other, heads + shared), 0, headDim) / Math.sqrt(headDim)),
    );
    const values = scores.map((_, other) => head(row, other, heads + keyValueHeads + shared));
    return times(headDim).map(
      (dimension) => sum(scores.map((score, other) => score * at(values[other] as number[], dimension))) / sum(scores),
    );
  };
  return lengths.flatMap((length, row) =>
    times(time).flatMap((position) =>
      times(heads).flatMap((index) =>
        position < length ? attend(row, position, index) : new Array<number>(headDim).fill(0),
      ),
    ),
  );
}

function logSoftmax64(logits: readonly number[]): number[] {
  const most = Math.max(...logits);
  const logSumExp = most + Math.log(sum(logits.map((logit) => Math.exp(logit - most))));
  return logits.map((logit) => logit - logSumExp);
}

/** Log-probabilities of the targets, then entropies. */
export function tokenLogProbs64(options: {
  hidden: Values;
  weight: Values;
  targets: readonly number[];
  width: number;
  temperature: number;
}): number[] {
  const { hidden, weight, targets, width, temperature } = options;
  const rows = targets.map((_, row) =>
    logSoftmax64(times(weight.length / width).map((id) => dot(hidden, row, weight, id, width) / temperature)),
  );
  return [
    ...targets.map((target, row) => (target < 0 ? 0 : at(rows[row] as number[], target))),
    ...targets.map((target, row) =>
      target < 0 ? 0 : -sum((rows[row] as number[]).map((logProb) => Math.exp(logProb) * logProb)),
    ),
  ];
}

export function vocabularyKl64(options: {
  hidden: Values;
  weight: Values;
  teacherHidden: Values;
  teacherWeight: Values;
  mask: readonly number[];
  direction: 'forward' | 'reverse';
}): number[] {
  const { mask, direction } = options;
  const logProbs = (hidden: Values, weight: Values, row: number) => {
    const width = hidden.length / mask.length;
    return logSoftmax64(times(weight.length / width).map((id) => dot(hidden, row, weight, id, width)));
  };
  return mask.map((kept, row) => {
    if (kept === 0) return 0;
    const student = logProbs(options.hidden, options.weight, row);
    const teacher = logProbs(options.teacherHidden, options.teacherWeight, row);
    const [from, to] = direction === 'forward' ? [teacher, student] : [student, teacher];
    return sum(from.map((logProb, id) => Math.exp(logProb) * (logProb - at(to, id))));
  });
}

/** One step of AdamW (Loshchilov and Hutter 2019, arXiv 1711.05101, algorithm 2). */
export function adamW64(options: {
  parameters: Values;
  gradients: Values;
  firstMoment: Values;
  secondMoment: Values;
  weightDecay: Values;
  learningRate: number;
  beta1: number;
  beta2: number;
  epsilon: number;
  step: number;
}): { parameters: number[]; firstMoment: number[]; secondMoment: number[] } {
  const { gradients, learningRate, beta1, beta2, epsilon, step } = options;
  const every = times(gradients.length);
  const firstMoment = every.map((index) => beta1 * at(options.firstMoment, index) + (1 - beta1) * at(gradients, index));
  const secondMoment = every.map(
    (index) => beta2 * at(options.secondMoment, index) + (1 - beta2) * at(gradients, index) ** 2,
  );
  const parameters = every.map((index) => {
    const direction =
      at(firstMoment, index) / (1 - beta1 ** step) / (Math.sqrt(at(secondMoment, index) / (1 - beta2 ** step)) + epsilon);
    return at(options.parameters, index) * (1 - learningRate * at(options.weightDecay, index)) - learningRate * direction;
  });
  return { parameters, firstMoment, secondMoment };
}
