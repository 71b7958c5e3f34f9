export {
  type Benchmark,
  type BenchmarkKind,
  type BenchmarkName,
  type BenchmarkRow,
  benchmarkKinds,
  benchmarkNames,
  isBenchmarkName,
} from './benchmark.js';
export { type BenchmarkFromRowsOptions, benchmarkFromRows } from './benchmark-from-rows.js';
export { type ReadBenchmarkOptions, readBenchmark } from './read-benchmark.js';
