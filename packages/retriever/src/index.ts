export { type Bm25Index, createBm25Index } from './bm25/bm25-index.js';
export { createBm25Retriever } from './bm25/bm25-retriever.js';
export type { Bm25Settings } from './bm25/bm25-settings.js';
export { type Bm25Writer, type Bm25WriterOptions, createBm25Writer } from './bm25/bm25-writer.js';
export type { LexicalIndex } from './bm25/lexical-index.js';
export { type OpenBm25Options, openBm25 } from './bm25/open-bm25.js';
export { type BuildIndexOptions, type BuildProgress, type BuiltIndex, buildIndex } from './build-index.js';
export {
  type CircuitBreaker,
  type CircuitBreakerOptions,
  type CircuitPass,
  createCircuitBreaker,
} from './client/circuit-breaker.js';
export {
  createRetrieverClient,
  type RetrieverClient,
  type RetrieverClientOptions,
} from './client/create-retriever-client.js';
export type { RequestOptions } from './client/requester.js';
export type { CountTokens } from './corpus/count-tokens.js';
export type { CorpusFormat } from './corpus/find-corpus.js';
export type { InvalidPassage } from './corpus/invalid-passages.js';
export { loadCorpus, type ReadCorpusOptions, readCorpus } from './corpus/read-corpus.js';
export type { ChunkingOptions } from './corpus/read-text-corpus.js';
export type { CorpusFields } from './corpus/record-fields.js';
export { splitTitle } from './corpus/split-title.js';
export { type CreateRetrieverOptions, createRetriever } from './create-retriever.js';
export { createEmbeddingsEncoder, type EmbeddingsEncoderOptions } from './encode/embeddings-encoder.js';
export { type EncodePassagesOptions, type EncodingProgress, encodePassages } from './encode/encode-passages.js';
export { type ModelFamily, type Pooling, recognizeFamily } from './encode/model-families.js';
export { type OpenEncoderOptions, openEncoder } from './encode/open-encoder.js';
export { readShard } from './encode/shard.js';
export { createTransformersEncoder, type TransformersEncoderOptions } from './encode/transformers-encoder.js';
export type { ModelSource } from './encode/transformers-module.js';
export {
  type EvaluateRetrieverOptions,
  evaluateRetriever,
  type RetrieverEvaluation,
} from './evaluate/evaluate-retriever.js';
export {
  type EvaluateRunOptions,
  evaluateRun,
  orderRanking,
  type Qrels,
  type RankedDocument,
  type RankingMetric,
  type Run,
  type RunEvaluation,
} from './evaluate/evaluate-run.js';
export { type Judgement, loadQrels, readQrels, writeQrels } from './evaluate/qrels-file.js';
export { loadQueries, type Query, readQueries } from './evaluate/queries-file.js';
export {
  averagePrecision,
  type JudgedRanking,
  ndcg,
  precisionAt,
  recallAt,
  reciprocalRank,
  successAt,
} from './evaluate/ranking-metrics.js';
export { type RetrieveRunOptions, retrieveRun } from './evaluate/retrieve-run.js';
export { loadRun, type RunLine, readRun, writeRun } from './evaluate/run-file.js';
export { type FusionSettings, fuseRankings } from './fuse/fuse-rankings.js';
export { createHybridRetriever, type HybridRetrieverOptions } from './fuse/hybrid-retriever.js';
export { createHnswIndex, type HnswIndex, type HnswSurroundings, openHnswIndex } from './hnsw/hnsw-index.js';
export type { HnswSettings, SavedHnswSettings } from './hnsw/hnsw-settings.js';
export type { PostOptions } from './http/post-json.js';
export type { HybridSettings } from './index-settings.js';
export { type LoadRetrieverOptions, loadRetriever } from './load-retriever.js';
export {
  createMcpServer,
  type McpServer,
  type McpServerOptions,
  type McpTransport,
  type PassageLookup,
} from './mcp/create-mcp-server.js';
export { serveMcpStdio } from './mcp/serve-mcp-stdio.js';
export type { NamedRetriever } from './replay/answer-file.js';
export {
  createRecordingRetriever,
  type RecordingRetriever,
  type RecordingRetrieverOptions,
} from './replay/create-recording-retriever.js';
export { createReplayRetriever, type ReplayRetrieverOptions } from './replay/create-replay-retriever.js';
export { type CrossEncoderOptions, createCrossEncoder } from './rerank/cross-encoder.js';
export { formatPassage } from './rerank/format-passage.js';
export { createRerankClient, type RerankClientOptions } from './rerank/rerank-client.js';
export type { Reranker } from './rerank/reranker.js';
export { createRerankingRetriever, type RerankingRetrieverOptions } from './rerank/reranking-retriever.js';
export type {
  Document,
  IndexedRetriever,
  IndexKind,
  MemoryRetriever,
  RetrieveOptions,
  Retriever,
} from './retriever.js';
export { createRetrieverServer } from './server/create-retriever-server.js';
export type { RetrieverApp, RetrieverServerOptions, ServableRetriever } from './server/retriever-server-options.js';
export { type RunningServer, type ServeRetrieverOptions, serveRetriever } from './server/serve-retriever.js';
export type { ServerLimits } from './server/server-limits.js';
export {
  createMemoryStore,
  type DocumentStore,
  type OpenDocumentStoreOptions,
  openDocumentStore,
  type WriteDocumentStoreOptions,
  writeDocumentStore,
} from './store/document-store.js';
export type { Match } from './top-k.js';
export type { VectorIndexOptions } from './vector/create-vector-index.js';
export type { Encoder } from './vector/encoder.js';
export { createFlatIndex, type FlatSettings, type FlatSurroundings, openFlatIndex } from './vector/flat-index.js';
export {
  createHashedEncoder,
  type FitHashedEncoderOptions,
  fitHashedEncoder,
  type HashedEncoder,
  type HashedEncoderOptions,
} from './vector/hashed-encoder.js';
export {
  type CreateLanceIndexOptions,
  createLanceIndex,
  type LanceSurroundings,
  openLanceIndex,
} from './vector/lance-index.js';
export type { LanceIndexSettings, LanceSettings } from './vector/lance-settings.js';
export type { QdrantPlace, QdrantSurroundings } from './vector/qdrant-client.js';
export {
  type CreateQdrantIndexOptions,
  createQdrantIndex,
  type OpenQdrantIndexOptions,
  openQdrantIndex,
} from './vector/qdrant-index.js';
export type { QdrantSettings } from './vector/qdrant-settings.js';
export type { VectorIndex } from './vector/vector-index.js';
export { createVectorRetriever, type VectorRetrieverOptions } from './vector/vector-retriever.js';
export {
  createJsonSearchRetriever,
  type JsonSearchRetrieverOptions,
  type JsonSearchSettings,
} from './web/create-json-search-retriever.js';
export { createSearxngRetriever, type SearxngRetrieverOptions } from './web/create-searxng-retriever.js';
export { createSerpApiRetriever, type SerpApiRetrieverOptions } from './web/create-serpapi-retriever.js';
export { isWebSource, type OpenWebRetrieverOptions, openWebRetriever } from './web/open-web-retriever.js';
export { words } from './words.js';
