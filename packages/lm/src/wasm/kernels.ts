type KernelName =
  | 'adamW'
  | 'attention'
  | 'attentionGradient'
  | 'attentionGradientScratchBytes'
  | 'attentionScratchBytes'
  | 'cacheAttention'
  | 'cacheAttentionScratchBytes'
  | 'cacheWrite'
  | 'embedding'
  | 'embeddingGradient'
  | 'gemm'
  | 'gemmScratchBytes'
  | 'klDivergence'
  | 'klDivergenceGradient'
  | 'rmsNorm'
  | 'rmsNormGradient'
  | 'rotary'
  | 'swiglu'
  | 'swigluGradient'
  | 'tokenLogProbs'
  | 'tokenLogProbsGradient';

export type Kernels = Record<KernelName, (...sizesAndPointers: number[]) => number>;
