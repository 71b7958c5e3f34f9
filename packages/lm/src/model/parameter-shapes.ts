import { architectures } from './architecture.js';
import type { DecoderConfig } from './decoder-config.js';

/** Name of the weight that turns a decoder into a critic, `[1, hiddenSize]`. */
export const valueHeadName = 'score.weight';

/**
 * Names and shapes of the parameters, in the order in which they are flattened. The names are those of a Llama checkpoint, whatever
 * the kind of model; queries, keys and values are one matrix, and so are gate and up.
 */
export function parameterShapes(config: DecoderConfig): Map<string, [number] | [number, number]> {
  const { vocabularySize, hiddenSize, intermediateSize, headDim, numAttentionHeads, numKeyValueHeads } = config;
  const { norm, positions, qkvBias, qkNorm, outputBias, gatedMlp } = architectures[config.modelType];
  const shapes = new Map<string, [number] | [number, number]>();
  const addLinear = (name: string, shape: [number, number], options: { bias: boolean }) => {
    shapes.set(`${name}.weight`, shape);
    if (options.bias) shapes.set(`${name}.bias`, [shape[0]]);
  };
  const addNorm = (name: string) => {
    shapes.set(`${name}.weight`, [hiddenSize]);
    if (norm === 'layer') shapes.set(`${name}.bias`, [hiddenSize]);
  };
  shapes.set('model.embed_tokens.weight', [vocabularySize, hiddenSize]);
  if (positions === 'learned') shapes.set('model.embed_positions.weight', [config.maxPositionEmbeddings, hiddenSize]);
  for (let layer = 0; layer < config.numHiddenLayers; layer++) {
    const prefix = `model.layers.${layer}`;
    const projected = (numAttentionHeads + 2 * numKeyValueHeads) * headDim;
    addNorm(`${prefix}.input_layernorm`);
    addLinear(`${prefix}.self_attn.qkv_proj`, [projected, hiddenSize], { bias: qkvBias });
    if (qkNorm) {
      shapes.set(`${prefix}.self_attn.q_norm.weight`, [headDim]);
      shapes.set(`${prefix}.self_attn.k_norm.weight`, [headDim]);
    }
    addLinear(`${prefix}.self_attn.o_proj`, [hiddenSize, numAttentionHeads * headDim], { bias: outputBias });
    addNorm(`${prefix}.post_attention_layernorm`);
    if (gatedMlp) shapes.set(`${prefix}.mlp.gate_up_proj.weight`, [2 * intermediateSize, hiddenSize]);
    else addLinear(`${prefix}.mlp.up_proj`, [intermediateSize, hiddenSize], { bias: outputBias });
    addLinear(`${prefix}.mlp.down_proj`, [hiddenSize, intermediateSize], { bias: outputBias });
  }
  addNorm('model.norm');
  if (!config.tieWordEmbeddings) shapes.set('lm_head.weight', [vocabularySize, hiddenSize]);
  return shapes;
}

/** Number of parameters; tied embeddings count once. */
export function parameterCount(config: DecoderConfig): number {
  let count = 0;
  for (const shape of parameterShapes(config).values()) count += shape.reduce((product, size) => product * size, 1);
  return count;
}
