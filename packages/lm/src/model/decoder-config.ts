import { ModelError } from '@dgpo/trajectory';

/** Sizes of a Llama-style decoder, named as in Hugging Face's `config.json` (there in snake case). */
export interface DecoderConfig {
  vocabularySize: number;
  hiddenSize: number;
  intermediateSize: number;
  numHiddenLayers: number;
  numAttentionHeads: number;
  /** Fewer than the attention heads: grouped-query attention. */
  numKeyValueHeads: number;
  headDim: number;
  maxPositionEmbeddings: number;
  ropeTheta: number;
  rmsNormEps: number;
}

export type DecoderConfigOptions = Partial<DecoderConfig> &
  Pick<DecoderConfig, 'vocabularySize' | 'hiddenSize' | 'numHiddenLayers' | 'numAttentionHeads'>;

/** Fills in the usual values and refuses sizes that do not fit together. */
export function decoderConfig(options: DecoderConfigOptions): DecoderConfig {
  const config: DecoderConfig = {
    // 8/3 of the width, rounded up to whole vectors: the size at which a gated MLP costs as much as a plain one of 4 widths.
    intermediateSize: Math.ceil((options.hiddenSize * 8) / 3 / 16) * 16,
    numKeyValueHeads: options.numAttentionHeads,
    headDim: options.hiddenSize / options.numAttentionHeads,
    maxPositionEmbeddings: 512,
    ropeTheta: 10_000,
    rmsNormEps: 1e-5,
    ...options,
  };
  for (const [key, value] of Object.entries(config) as [string, number][]) {
    const whole = key !== 'ropeTheta' && key !== 'rmsNormEps';
    if (!Number.isFinite(value) || value <= 0 || (whole && !Number.isInteger(value))) {
      throw new ModelError(`${key} must be a positive ${whole ? 'whole ' : ''}number, not ${value}`);
    }
  }
  if (config.numAttentionHeads % config.numKeyValueHeads !== 0) {
    throw new ModelError(
      `numAttentionHeads (${config.numAttentionHeads}) must be a multiple of numKeyValueHeads (${config.numKeyValueHeads})`,
    );
  }
  if (config.headDim % 2 !== 0)
    throw new ModelError(`headDim must be even for rotary positions, not ${config.headDim}`);
  return config;
}

/** Names and shapes of the parameters, in the order in which they are flattened. */
export function parameterShapes(config: DecoderConfig): Map<string, [number] | [number, number]> {
  const { hiddenSize, intermediateSize, headDim, numAttentionHeads, numKeyValueHeads } = config;
  const shapes = new Map<string, [number] | [number, number]>();
  shapes.set('model.embed_tokens.weight', [config.vocabularySize, hiddenSize]);
  for (let layer = 0; layer < config.numHiddenLayers; layer++) {
    const prefix = `model.layers.${layer}`;
    shapes.set(`${prefix}.input_layernorm.weight`, [hiddenSize]);
    shapes.set(`${prefix}.self_attn.qkv_proj.weight`, [
      (numAttentionHeads + 2 * numKeyValueHeads) * headDim,
      hiddenSize,
    ]);
    shapes.set(`${prefix}.self_attn.o_proj.weight`, [hiddenSize, numAttentionHeads * headDim]);
    shapes.set(`${prefix}.post_attention_layernorm.weight`, [hiddenSize]);
    shapes.set(`${prefix}.mlp.gate_up_proj.weight`, [2 * intermediateSize, hiddenSize]);
    shapes.set(`${prefix}.mlp.down_proj.weight`, [hiddenSize, intermediateSize]);
  }
  shapes.set('model.norm.weight', [hiddenSize]);
  return shapes;
}

/** Number of parameters; tied embeddings count once. */
export function parameterCount(config: DecoderConfig): number {
  let count = 0;
  for (const shape of parameterShapes(config).values()) count += shape.reduce((product, size) => product * size, 1);
  return count;
}
