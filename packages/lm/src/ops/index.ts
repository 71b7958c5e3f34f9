export { type CausalAttentionOptions, causalAttention } from './causal-attention.js';
export { embedding } from './embedding.js';
export { gelu } from './gelu.js';
export { headNorm } from './head-norm.js';
export { layerNorm } from './layer-norm.js';
export { type LinearOptions, linear } from './linear.js';
export { rmsNorm } from './rms-norm.js';
export { swiglu } from './swiglu.js';
export { type TokenLogProbs, type TokenLogProbsOptions, tokenLogProbs } from './token-log-probs.js';
export { type VocabularyKlOptions, vocabularyKl } from './vocabulary-kl.js';
export {
  type LogitRows,
  type RowValues,
  type TaughtLogitRows,
  type TaughtVocabularyLossOptions,
  type VocabularyLossOptions,
  vocabularyLoss,
} from './vocabulary-loss.js';
