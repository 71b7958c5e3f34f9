import { ModelError } from '@dgpo/trajectory';
import type { RopeScaling } from '../ops/rotary-table.js';
import { architectures, type ModelType } from './architecture.js';

/** Kind and sizes of a decoder, named as in Hugging Face's `config.json` (there in snake case). */
export interface DecoderConfig {
  modelType: ModelType;
  vocabularySize: number;
  hiddenSize: number;
  intermediateSize: number;
  numHiddenLayers: number;
  numAttentionHeads: number;
  /** Fewer than the attention heads: grouped-query attention. */
  numKeyValueHeads: number;
  headDim: number;
  maxPositionEmbeddings: number;
  /** Base of the rotary frequencies. `gpt2` has learned positions and does not use it. */
  ropeTheta: number;
  ropeScaling: RopeScaling | null;
  /** Added to the mean square or the variance in every norm: `rms_norm_eps`, of GPT-2 `layer_norm_epsilon`. */
  normEps: number;
  /** `silu` in the gated MLP of all but `gpt2`; `gelu_new` is the form with tanh, `gelu` the exact one. */
  hiddenAct: 'silu' | 'gelu_new' | 'gelu';
  /** Whether the output embeddings are the token embeddings; otherwise they are weights of their own. */
  tieWordEmbeddings: boolean;
}

export type DecoderConfigOptions = Partial<DecoderConfig> &
  Pick<DecoderConfig, 'vocabularySize' | 'hiddenSize' | 'numHiddenLayers' | 'numAttentionHeads'>;

function check(fits: boolean, message: string): void {
  if (!fits) throw new ModelError(message);
}

function checkPositive(key: string, value: number, options: { whole: boolean }): void {
  const { whole } = options;
  check(
    Number.isFinite(value) && value > 0 && (!whole || Number.isInteger(value)),
    `${key} must be a positive ${whole ? 'whole ' : ''}number, not ${value}`,
  );
}

function checkRopeScaling(scaling: RopeScaling): void {
  const { type, ...numbers } = scaling;
  check(type === 'linear' || type === 'llama3', `ropeScaling.type must be linear or llama3, not ${type}`);
  for (const [key, value] of Object.entries(numbers)) checkPositive(`ropeScaling.${key}`, value, { whole: false });
  if (scaling.type === 'linear') return;
  check(
    scaling.highFreqFactor > scaling.lowFreqFactor,
    `ropeScaling.highFreqFactor (${scaling.highFreqFactor}) must be greater than lowFreqFactor (${scaling.lowFreqFactor})`,
  );
}

/**
 * Fills in the usual values of the kind of model (`llama` unless `modelType` says otherwise).
 *
 * @throws ModelError for sizes or parts that do not fit together
 */
export function decoderConfig(options: DecoderConfigOptions): DecoderConfig {
  const { modelType = 'llama', hiddenSize } = options;
  check(
    modelType in architectures,
    `modelType must be one of ${Object.keys(architectures).join(', ')}, not ${modelType}`,
  );
  const { gatedMlp, positions } = architectures[modelType];
  const config: DecoderConfig = {
    modelType,
    // 8/3 of the width, rounded up to whole vectors: the size at which a gated MLP costs as much as a plain one of 4 widths.
    intermediateSize: gatedMlp ? Math.ceil((hiddenSize * 8) / 3 / 16) * 16 : 4 * hiddenSize,
    numKeyValueHeads: options.numAttentionHeads,
    headDim: hiddenSize / options.numAttentionHeads,
    maxPositionEmbeddings: 512,
    ropeTheta: 10_000,
    ropeScaling: null,
    normEps: 1e-5,
    hiddenAct: gatedMlp ? 'silu' : 'gelu_new',
    tieWordEmbeddings: true,
    ...options,
  };
  for (const [key, value] of Object.entries(config)) {
    if (typeof value !== 'number') continue;
    checkPositive(key, value, { whole: key !== 'ropeTheta' && key !== 'normEps' });
  }
  const { numAttentionHeads, numKeyValueHeads, headDim, hiddenAct, ropeScaling } = config;
  check(
    numAttentionHeads % numKeyValueHeads === 0,
    `numAttentionHeads (${numAttentionHeads}) must be a multiple of numKeyValueHeads (${numKeyValueHeads})`,
  );
  check(headDim % 2 === 0, `headDim must be even for rotary positions, not ${headDim}`);
  check((hiddenAct === 'silu') === gatedMlp, `hiddenAct "${hiddenAct}" is none of ${modelType}`);
  if (ropeScaling !== null) {
    check(positions === 'rotary', `${modelType} has no rotary positions that ropeScaling could scale`);
    checkRopeScaling(ropeScaling);
  }
  if (modelType === 'gpt2') {
    check(
      numKeyValueHeads === numAttentionHeads && headDim * numAttentionHeads === hiddenSize,
      `gpt2 has as many key-value heads as heads, and its heads make up hiddenSize (${hiddenSize}), not ${numKeyValueHeads} and ${numAttentionHeads} heads of ${headDim}`,
    );
  }
  return config;
}
