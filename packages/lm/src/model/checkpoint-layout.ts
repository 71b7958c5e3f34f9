import type { DecoderConfig } from './decoder-config.js';
import { parameterShapes, valueHeadName } from './parameter-shapes.js';

/** One tensor of a checkpoint, and where its values lie in our parameters. */
export interface CheckpointTensor {
  name: string;
  /** As stored. */
  shape: number[];
  /** The parameter of ours that it is, or is a part of. */
  parameter: string;
  /** Of the first value in that parameter; the values follow each other. */
  offset: number;
  /** Stored as `[in, out]` (`Conv1D` of GPT-2); the parameter has `[out, in]`. */
  transposed: boolean;
  /** Our row of a stored one, where the rows are stored in another order. */
  row?: (stored: number) => number;
}

type Piece = Omit<CheckpointTensor, 'parameter' | 'offset'>;

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

function gpt2Tensor(name: string, shape: number[]): Piece {
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
export function tensorsOf(name: string, shape: number[], config: DecoderConfig): Piece[] {
  if (config.modelType === 'gpt2') return [gpt2Tensor(name, shape)];
  const [rows = 1, ...rest] = shape;
  return pieces(name, rows, config).map((piece) => ({
    name: piece.name,
    shape: [piece.rows, ...rest],
    transposed: false,
  }));
}

/** Names and shapes of the parameters, with that of the value head where there is one. */
export function shapesWithHead(options: { config: DecoderConfig; valueHead: boolean }): Map<string, number[]> {
  const { config, valueHead } = options;
  const shapes = new Map<string, number[]>(parameterShapes(config));
  if (valueHead) shapes.set(valueHeadName, [1, config.hiddenSize]);
  return shapes;
}

/** The tensors of a Hugging Face checkpoint in the order of the parameters, which they cover without gaps. */
export function checkpointLayout(options: { config: DecoderConfig; valueHead: boolean }): CheckpointTensor[] {
  return [...shapesWithHead(options)].flatMap(([parameter, shape]) => {
    let offset = 0;
    return tensorsOf(parameter, shape, options.config).map((tensor) => {
      const placed = { ...tensor, parameter, offset };
      offset += tensor.shape.reduce((product, size) => product * size, 1);
      return placed;
    });
  });
}
