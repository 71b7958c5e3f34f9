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
export type { VectorIndex } from './vector/vector-index.js';
export { createVectorRetriever, type VectorRetrieverOptions } from './vector/vector-retriever.js';
export { words } from './words.js';
