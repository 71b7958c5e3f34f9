import { type DecoderConfig, type EngineName, parameterCount } from '@dgpo/lm';

/** Tokens that go through a model in one way. */
export interface Work {
  /** `train` is a forward and a backward pass, `score` a forward pass, `sample` one token at a time with a cache. */
  kind: 'train' | 'score' | 'sample';
  model: DecoderConfig;
  tokens: number;
  /** Tokens of the sequences that these tokens stand in. */
  context: number;
}

/**
 * Floating-point operations: `2N + 2 · layers · context · width of attention` for each token of a forward pass, three times that with
 * the backward pass. Source: Kaplan et al., arXiv 2001.08361, section 2.1 and table 1.
 */
export function operations({ kind, model, tokens, context }: Work): number {
  const attention = 2 * model.numHiddenLayers * context * model.numAttentionHeads * model.headDim;
  return (kind === 'train' ? 3 : 1) * tokens * (2 * parameterCount(model) + attention);
}

/**
 * Operations per second and core. `wasm`: a little below what decoders of 0.4 to 5.8 M parameters reach with this project's kernels
 * on one core of an AVX-512 server (29 to 36 GFLOP/s in training and scoring, 17 to 31 in sampling 64 sequences side by side). `cpu` is
 * plain JavaScript.
 */
export const assumedRates: Partial<Record<EngineName, Record<Work['kind'], number>>> = {
  wasm: { train: 25e9, score: 25e9, sample: 15e9 },
  cpu: { train: 0.4e9, score: 0.4e9, sample: 0.4e9 },
};

/** Seconds on one core, or undefined where the rate depends on the device (`webgpu`, `tensorflow`). */
export function secondsOf(work: readonly Work[], engine: EngineName): number | undefined {
  const rates = assumedRates[engine];
  if (rates === undefined) return undefined;
  return work.reduce((seconds, item) => seconds + operations(item) / rates[item.kind], 0);
}
