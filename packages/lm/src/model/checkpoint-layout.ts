import { valueHeadName } from './decoder.js';
import type { DecoderConfig } from './decoder-config.js';
import { parameterShapes } from './parameter-shapes.js';

/** One tensor of a Hugging Face checkpoint, and where its values lie in the flat vector of parameters. */
export interface CheckpointTensor {
  name: string;
  /** As stored. */
  shape: number[];
  /** Of the first value in the flat vector; the values follow each other. */
  offset: number;
  /** Stored as `[in, out]` (`Conv1D` of GPT-2); the vector has `[out, in]`. */
  transposed: boolean;
}

/** Our names, which are Llama's, in those of GPT-2. */
const gpt2Names: [string, string][] = [
  ['model.embed_tokens.', 'transformer.wte.'],
  ['model.embed_positions.', 'transformer.wpe.'],
  ['model.norm.', 'transformer.ln_f.'],
  ['model.layers.', 'transformer.h.'],
  ['.input_layernorm.', '.ln_1.'],
  ['.self_attn.qkv_proj.', '.attn.c_attn.'],
  ['.self_attn.o_proj.', '.attn.c_proj.'],
  ['.post_attention_layernorm.', '.ln_2.'],
  ['.mlp.up_proj.', '.mlp.c_fc.'],
  ['.mlp.down_proj.', '.mlp.c_proj.'],
];

function gpt2Tensor(name: string, shape: number[]): Omit<CheckpointTensor, 'offset'> {
  const transposed = shape.length === 2 && name.includes('.layers.');
  return {
    name: gpt2Names.reduce((renamed, [ours, theirs]) => renamed.replace(ours, theirs), name),
    shape: transposed ? [...shape].reverse() : shape,
    transposed,
  };
}

/** How a fused parameter of ours is cut into those of a checkpoint: names and rows, in order. */
function pieces(name: string, rows: number, config: DecoderConfig): { name: string; rows: number }[] {
  const { headDim, numAttentionHeads, numKeyValueHeads, intermediateSize } = config;
  if (name.includes('.qkv_proj.')) {
    const heads = { q_proj: numAttentionHeads, k_proj: numKeyValueHeads, v_proj: numKeyValueHeads };
    return Object.entries(heads).map(([projection, count]) => ({
      name: name.replace('qkv_proj', projection),
      rows: count * headDim,
    }));
  }
  if (name.includes('.gate_up_proj.')) {
    return ['gate_proj', 'up_proj'].map((projection) => ({
      name: name.replace('gate_up_proj', projection),
      rows: intermediateSize,
    }));
  }
  return [{ name, rows }];
}

/** The tensors of a checkpoint that one parameter of ours is made of, in the order of its rows. */
export function tensorsOf(name: string, shape: number[], config: DecoderConfig): Omit<CheckpointTensor, 'offset'>[] {
  if (config.modelType === 'gpt2') return [gpt2Tensor(name, shape)];
  const [rows = 1, ...rest] = shape;
  return pieces(name, rows, config).map((piece) => ({
    name: piece.name,
    shape: [piece.rows, ...rest],
    transposed: false,
  }));
}

/** The tensors of a checkpoint in the order of the flat vector, which they cover without gaps. */
export function checkpointLayout(options: { config: DecoderConfig; valueHead: boolean }): CheckpointTensor[] {
  const { config, valueHead } = options;
  const shapes = new Map<string, number[]>(parameterShapes(config));
  if (valueHead) shapes.set(valueHeadName, [1, config.hiddenSize]);
  let offset = 0;
  return [...shapes].flatMap(([name, shape]) =>
    tensorsOf(name, shape, config).map((tensor) => {
      const placed = { ...tensor, offset };
      offset += tensor.shape.reduce((product, size) => product * size, 1);
      return placed;
    }),
  );
}
