export {
  type AdamWCoefficients,
  type AdamWResult,
  type AdamWTensors,
  adamWReference,
  adamWUpdate,
  type DecayRun,
} from './adamw-update.js';
export { type CausalAttentionOptions, causalAttention, causalAttentionReference } from './causal-attention.js';
export { embedding, embeddingReference } from './embedding.js';
export { linear, linearReference } from './linear.js';
export { rmsNorm, rmsNormReference } from './rms-norm.js';
export { rotaryTable } from './rotary-table.js';
export { swiglu, swigluReference } from './swiglu.js';
export {
  type TokenLogProbs,
  type TokenLogProbsOptions,
  tokenLogProbs,
  tokenLogProbsReference,
} from './token-log-probs.js';
export { type VocabularyKlOptions, vocabularyKl, vocabularyKlReference } from './vocabulary-kl.js';
