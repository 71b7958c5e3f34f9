export { type BlasFacts, findBlas } from './engine/blas.js';
export {
  type Engine,
  type EngineName,
  engineNames,
  type SelectEngineOptions,
  selectEngine,
} from './engine/select-engine.js';
export { type ResolveModelOptions, resolveModel } from './hub/resolve-model.js';
export { adapterBase, isAdapterFolder, tokenizerFolder } from './lora/adapter-base.js';
export { type AdapterWeights, loadAdapter, readAdapter, saveAdapter } from './lora/adapter-folder.js';
export { addLora, mergeLora } from './lora/add-lora.js';
export type { LoraAdapters } from './lora/lora-adapters.js';
export { type LoraOptions, loraShapes } from './lora/lora-layout.js';
export type { ModelType } from './model/architecture.js';
export { type CreateDecoderOptions, createDecoder, type Decoder, parameter } from './model/decoder.js';
export { type DecoderConfig, type DecoderConfigOptions, decoderConfig } from './model/decoder-config.js';
export {
  type EstimateModelMemoryOptions,
  estimateModelMemory,
  type ModelMemory,
} from './model/estimate-model-memory.js';
export { concatenate, flatValues, getParameters, setParameters } from './model/flat-parameters.js';
export { type HiddenStatesOptions, hiddenStates, outputEmbedding, valuesOf } from './model/forward.js';
export { convertGguf } from './model/gguf/convert-gguf.js';
export { loadDecoder } from './model/load-decoder.js';
export { activationFloats, keyValueCacheBytes, type LoraSize, wasmHeapLimit } from './model/memory-parts.js';
export { type MemoryRemedy, memoryRemedies, requireMemory } from './model/memory-remedies.js';
export type { ModelCard } from './model/model-card.js';
export { fromConfigJson } from './model/model-config-file.js';
export { loadModel, type ModelWeights, saveModel } from './model/model-folder.js';
export { parameterCount, parameterShapes, valueHeadName } from './model/parameter-shapes.js';
export { readDecoderConfig } from './model/read-decoder-config.js';
export { type ShareDecoderOptions, shareDecoder } from './model/share-decoder.js';
export { type TokenBatch, tokenBatch } from './model/token-batch.js';
export {
  getTrainableParameters,
  setTrainableParameters,
  trainableParameters,
} from './model/trainable-parameters.js';
export {
  type CausalAttentionOptions,
  causalAttention,
  embedding,
  gelu,
  headNorm,
  type LinearOptions,
  type LogitRows,
  layerNorm,
  linear,
  type RowValues,
  rmsNorm,
  swiglu,
  type TaughtLogitRows,
  type TaughtVocabularyLossOptions,
  type TokenLogProbs,
  type TokenLogProbsOptions,
  tokenLogProbs,
  type VocabularyKlOptions,
  type VocabularyLossOptions,
  vocabularyKl,
  vocabularyLoss,
} from './ops/index.js';
export type { RopeScaling } from './ops/rotary-table.js';
export { type AdamW, type AdamWOptions, type AdamWState, type AdamWUpdate, createAdamW } from './optimizer/adamw.js';
export { type LearningRateOptions, learningRateAt } from './optimizer/learning-rate.js';
export type { SampleRequest, SampleResult } from './sampling/sample-request.js';
export { type CreateSamplerOptions, createSampler, type Sampler } from './sampling/sampler.js';
export { type DistributionOptions, sampleToken } from './sampling/token-distribution.js';
export {
  type BytePairModel,
  type BytePairTokenizer,
  createBytePairTokenizer,
} from './tokenizer/byte-pair-tokenizer.js';
export {
  type ChatMessage,
  type ChatTemplate,
  type ChatTemplateOptions,
  createChatTemplate,
  loadChatTemplate,
  type RenderOptions,
} from './tokenizer/chat-template.js';
export { type TrainCompactTokenizerOptions, trainCompactTokenizer } from './tokenizer/compact-tokenizer.js';
export { escapeMessages } from './tokenizer/escape-messages.js';
export { ggufTokenizerFiles } from './tokenizer/gguf-tokenizer-files.js';
export {
  type RenderConversationOptions,
  type RenderedConversation,
  renderConversation,
} from './tokenizer/render-conversation.js';
export { createStopMatcher, type StopMatcher, type StopState } from './tokenizer/stop-sequences.js';
export type { DecodeOptions, EncodeOptions, TokenDecodeStream, Tokenizer } from './tokenizer/tokenizer.js';
export { loadTokenizer, saveTokenizer, tokenizerFromFiles } from './tokenizer/tokenizer-file.js';
export type { GgmlType } from './weights/gguf/ggml-types.js';
export type { GgufTensorInfo } from './weights/gguf/gguf-header.js';
export type { GgufValue } from './weights/gguf/metadata-value.js';
export { type GgufFile, openGguf } from './weights/gguf/open-gguf.js';
