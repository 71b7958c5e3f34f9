export {
  type Bm25Index,
  type Bm25Postings,
  type Bm25Settings,
  createBm25Index,
} from './bm25/bm25-index.js';
export { createBm25Retriever } from './bm25/bm25-retriever.js';
export { loadCorpus, type ReadCorpusOptions, readCorpus } from './corpus/read-corpus.js';
export { splitTitle } from './corpus/split-title.js';
export type { Document, IndexedRetriever, RetrieveOptions, Retriever } from './retriever.js';
export type { Match } from './top-k.js';
export { words } from './words.js';
