export {
  attention,
  attentionGradient,
  attentionGradientScratchBytes,
  attentionScratchBytes,
  cacheAttention,
  cacheAttentionScratchBytes,
  cacheWrite,
} from './attention';
export {
  adamW,
  embedding,
  embeddingGradient,
  rmsNorm,
  rmsNormGradient,
  rotary,
  swiglu,
  swigluGradient,
} from './elementwise';
export { gemm, gemmScratchBytes } from './gemm';
export { klDivergence, klDivergenceGradient, tokenLogProbs, tokenLogProbsGradient } from './softmax';
