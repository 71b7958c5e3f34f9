export { attention, attentionGradient, attentionGradientScratchBytes, attentionScratchBytes } from './attention.as';
export { cacheAttention, cacheAttentionScratchBytes, cachePageTokens, cacheWrite } from './cache.as';
export { gemm, gemmScratchBytes } from './gemm.as';
export { embedding, embeddingGradient, rmsNorm, rmsNormGradient, rotary, swiglu, swigluGradient } from './rows.as';
export {
  argmax,
  exponentials,
  klDivergence,
  klDivergenceGradient,
  tokenLogProbs,
  tokenLogProbsGradient,
} from './softmax.as';
export { addInto, adamW, scaleInto, sumOfSquares } from './update.as';
