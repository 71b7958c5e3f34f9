export {
  type Bm25Index,
  type Bm25Postings,
  type Bm25Settings,
  createBm25Index,
} from './bm25/bm25-index.js';
export { createBm25Retriever } from './bm25/bm25-retriever.js';
export { createRetrieverClient, type RetrieverClientOptions } from './client/create-retriever-client.js';
export { loadCorpus, type ReadCorpusOptions, readCorpus } from './corpus/read-corpus.js';
export { splitTitle } from './corpus/split-title.js';
export { type CreateRetrieverOptions, createRetriever } from './create-retriever.js';
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
export { type LoadRetrieverOptions, loadRetriever } from './load-retriever.js';
export type { Document, IndexedRetriever, RetrieveOptions, Retriever } from './retriever.js';
export {
  createRetrieverServer,
  type RetrieverApp,
  type RetrieverServerOptions,
} from './server/create-retriever-server.js';
export { type RunningServer, type ServeRetrieverOptions, serveRetriever } from './server/serve-retriever.js';
export type { Match } from './top-k.js';
export type { Encoder } from './vector/encoder.js';
export { createFlatIndex, type FlatSettings, type FlatSurroundings, openFlatIndex } from './vector/flat-index.js';
export { createHashedEncoder, type HashedEncoder, type HashedEncoderOptions } from './vector/hashed-encoder.js';
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
export { words } from './words.js';
