import type { DecoderConfig } from '../decoder-config.js';

type Matrix = readonly (readonly number[])[];
/** Parameters by name; vectors as matrices of one row. */
export type Float64Parameters = ReadonlyMap<string, number[][]>;

const dot = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, value, index) => sum + value * (b[index] as number), 0);
const times = (x: Matrix, weight: Matrix) => x.map((row) => weight.map((output) => dot(row, output)));
const plus = (a: Matrix, b: Matrix) => a.map((row, i) => row.map((value, j) => value + (b[i]?.[j] as number)));

function named(parameters: Float64Parameters, name: string): number[][] {
  const matrix = parameters.get(name);
  if (matrix === undefined) throw new Error(`no parameter ${name}`);
  return matrix;
}

function normalize(x: Matrix, weight: readonly number[], epsilon: number): number[][] {
  return x.map((row) => {
    const rms = Math.sqrt(dot(row, row) / row.length + epsilon);
    return row.map((value, index) => (value / rms) * (weight[index] as number));
  });
}

/** Half-split rotary positions, as in Hugging Face. */
function rotate(head: readonly number[], position: number, theta: number): number[] {
  const half = head.length / 2;
  return head.map((value, index) => {
    const angle = position / theta ** ((index % half) / half);
    const partner = index < half ? -(head[index + half] as number) : (head[index - half] as number);
    return value * Math.cos(angle) + partner * Math.sin(angle);
  });
}

function attention(projected: Matrix, config: DecoderConfig): number[][] {
  const { numAttentionHeads: heads, numKeyValueHeads: keyValueHeads, headDim, ropeTheta } = config;
  const head = (position: number, index: number) =>
    (projected[position] as readonly number[]).slice(index * headDim, (index + 1) * headDim);
  return projected.map((_, position) =>
    Array.from({ length: heads }, (_, index) => {
      const shared = Math.floor((index * keyValueHeads) / heads);
      const query = rotate(head(position, index), position, ropeTheta);
      const scores = Array.from({ length: position + 1 }, (_, other) =>
        Math.exp(dot(query, rotate(head(other, heads + shared), other, ropeTheta)) / Math.sqrt(headDim)),
      );
      const total = scores.reduce((sum, score) => sum + score, 0);
      return Array.from({ length: headDim }, (_, dimension) =>
        scores.reduce(
          (sum, score, other) =>
            sum + (score / total) * (head(other, heads + keyValueHeads + shared)[dimension] as number),
          0,
        ),
      );
    }).flat(),
  );
}

/** The decoder written out once more in float64, one sequence at a time, from the definition of Llama: logits `[time][vocabulary]`. */
export function float64Logits(options: {
  config: DecoderConfig;
  parameters: Float64Parameters;
  tokenIds: readonly number[];
}): number[][] {
  const { config, parameters, tokenIds } = options;
  const table = named(parameters, 'model.embed_tokens.weight');
  let hidden: number[][] = tokenIds.map((id) => [...(table[id] as number[])]);
  for (let layer = 0; layer < config.numHiddenLayers; layer++) {
    const weight = (name: string) => named(parameters, `model.layers.${layer}.${name}.weight`);
    const norm = (name: string) => normalize(hidden, weight(name)[0] as number[], config.normEps);
    const attended = attention(times(norm('input_layernorm'), weight('self_attn.qkv_proj')), config);
    hidden = plus(hidden, times(attended, weight('self_attn.o_proj')));
    const gated = times(norm('post_attention_layernorm'), weight('mlp.gate_up_proj')).map((row) => {
      const width = row.length / 2;
      return row.slice(0, width).map((gate, index) => (gate / (1 + Math.exp(-gate))) * (row[width + index] as number));
    });
    hidden = plus(hidden, times(gated, weight('mlp.down_proj')));
  }
  return times(normalize(hidden, named(parameters, 'model.norm.weight')[0] as number[], config.normEps), table);
}

/** Summed negative log-likelihood of every token after the first of each sequence, in nats. */
export function float64Loss(options: {
  config: DecoderConfig;
  parameters: Float64Parameters;
  sequences: readonly (readonly number[])[];
}): number {
  let loss = 0;
  for (const tokenIds of options.sequences) {
    const logits = float64Logits({ ...options, tokenIds });
    for (let index = 1; index < tokenIds.length; index++) {
      const row = logits[index - 1] as number[];
      loss +=
        Math.log(row.reduce((sum, logit) => sum + Math.exp(logit), 0)) - (row[tokenIds[index] as number] as number);
    }
  }
  return loss;
}
