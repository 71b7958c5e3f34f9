export { flatSearch, int8Search } from './flat.as';
export { hnswSearch } from './hnsw.as';
export { sortTopK } from './top-k.as';
