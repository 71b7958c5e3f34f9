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
export { type LoadRetrieverOptions, loadRetriever } from './load-retriever.js';
export {
  createMcpServer,
  type McpServer,
  type McpServerOptions,
  type McpTransport,
  type PassageLookup,
} from './mcp/create-mcp-server.js';
export { serveMcpStdio } from './mcp/serve-mcp-stdio.js';
export type { Reranker } from './rerank/reranker.js';
export type { Document, IndexedRetriever, RetrieveOptions, Retriever } from './retriever.js';
export { createRetrieverServer } from './server/create-retriever-server.js';
export type { RetrieverApp, RetrieverServerOptions, ServableRetriever } from './server/retriever-server-options.js';
export { type RunningServer, type ServeRetrieverOptions, serveRetriever } from './server/serve-retriever.js';
export type { ServerLimits } from './server/server-limits.js';
export type { Match } from './top-k.js';
export type { Encoder } from './vector/encoder.js';
export { createFlatIndex } from './vector/flat-index.js';
export { createHashedEncoder, type HashedEncoder, type HashedEncoderOptions } from './vector/hashed-encoder.js';
export { createHnswIndex, type HnswSettings, type HnswSurroundings, openHnswIndex } from './vector/hnsw-index.js';
export type { VectorIndex } from './vector/vector-index.js';
export { createVectorRetriever, type VectorRetrieverOptions } from './vector/vector-retriever.js';
export { words } from './words.js';
