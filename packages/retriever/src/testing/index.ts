export { type ConformanceCase, type VectorIndexCasesOptions, vectorIndexCases } from './vector-index-cases.js';
