export {
  type BenchmarkEnvironmentOptions,
  benchmarkEnvironment,
  type EnvironmentOf,
} from './benchmarks/benchmark-environment.js';
export {
  type CodeBenchmarkEnvironmentOptions,
  codeBenchmarkEnvironment,
} from './benchmarks/code-benchmark-environment.js';
export {
  type BenchmarkEvaluation,
  type EvaluateBenchmarksOptions,
  type EvaluatedBenchmark,
  evaluateBenchmarks,
} from './benchmarks/evaluate-benchmarks.js';
export {
  type CheckpointBenchmarkEvaluation,
  type EvaluateCheckpointBenchmarksOptions,
  evaluateCheckpointBenchmarks,
} from './benchmarks/evaluate-checkpoint-benchmarks.js';
export { type OpenBenchmarksOptions, openBenchmarks } from './benchmarks/open-benchmarks.js';
export type { AnswerVerdict, BenchmarkAverages, BenchmarkScore } from './benchmarks/score-benchmark.js';
export {
  type ComparedModel,
  type CompareEvaluationsOptions,
  compareEvaluations,
  type EvaluationComparison,
} from './compare-evaluations.js';
export { type ComparisonReportOptions, renderComparisonReport } from './comparison-report.js';
export {
  type CheckpointEvaluation,
  type EvaluateCheckpointOptions,
  evaluateCheckpoint,
} from './evaluate-checkpoint.js';
export {
  type RunDirectoryReport,
  type RunDirectoryReportOptions,
  writeRunDirectoryReport,
} from './run-directory-report.js';
export { type RunningViewer, type ServeViewerOptions, serveViewer } from './viewer/serve-viewer.js';
