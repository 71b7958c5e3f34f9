export {
  type Bm25Index,
  type Bm25Postings,
  type Bm25Settings,
  createBm25Index,
} from './bm25/bm25-index.js';
export { createBm25Retriever } from './bm25/bm25-retriever.js';
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
export { loadCorpus, type ReadCorpusOptions, readCorpus } from './corpus/read-corpus.js';
export { splitTitle } from './corpus/split-title.js';
export { type CreateRetrieverOptions, createRetriever } from './create-retriever.js';
export {
  type EvaluateRetrieverOptions,
  evaluateRetriever,
  type RetrieverEvaluation,
} from './evaluate/evaluate-retriever.js';
export { type LoadRetrieverOptions, loadRetriever } from './load-retriever.js';
export type { NamedRetriever } from './replay/answer-file.js';
export {
  createRecordingRetriever,
  type RecordingRetriever,
  type RecordingRetrieverOptions,
} from './replay/create-recording-retriever.js';
export { createReplayRetriever, type ReplayRetrieverOptions } from './replay/create-replay-retriever.js';
export type { Document, IndexedRetriever, RetrieveOptions, Retriever } from './retriever.js';
export {
  createRetrieverServer,
  type RetrieverApp,
  type RetrieverServerOptions,
} from './server/create-retriever-server.js';
export { type RunningServer, type ServeRetrieverOptions, serveRetriever } from './server/serve-retriever.js';
export type { Match } from './top-k.js';
export type { Encoder } from './vector/encoder.js';
export { createFlatIndex } from './vector/flat-index.js';
export { createHashedEncoder, type HashedEncoder, type HashedEncoderOptions } from './vector/hashed-encoder.js';
export { createHnswIndex, type HnswSettings, type HnswSurroundings, openHnswIndex } from './vector/hnsw-index.js';
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
