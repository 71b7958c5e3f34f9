export {
  type BenchmarkEnvironmentOptions,
  benchmarkEnvironment,
  type EnvironmentOf,
} from './benchmarks/benchmark-environment.js';
export type { BenchmarkHub, HubName } from './benchmarks/benchmark-files.js';
export {
  type CodeBenchmarkEnvironmentOptions,
  codeBenchmarkEnvironment,
} from './benchmarks/code-benchmark-environment.js';
export { type EvaluateBenchmarksOptions, evaluateBenchmarks } from './benchmarks/evaluate-benchmarks.js';
export { type OpenBenchmarksOptions, openBenchmarks } from './benchmarks/open-benchmarks.js';
export type { AnswerVerdict, BenchmarkAverages, BenchmarkScore } from './benchmarks/score-benchmark.js';
export {
  type ComparedCost,
  type ComparedModel,
  type CompareEvaluationsOptions,
  compareEvaluations,
  type EvaluationComparison,
} from './compare-evaluations.js';
export { type ComparisonReportOptions, renderComparisonReport } from './comparison-report.js';
export { type CostMeter, type CostMeterOptions, createCostMeter, type MeteredEpisode } from './cost/cost-meter.js';
export type { CountedEpisodeCost, EpisodeCost } from './cost/episode-cost.js';
export { type CostReport, costReport, type EvaluationCost } from './cost/evaluation-cost.js';
export { type EvaluateEndpointOptions, evaluateEndpoint } from './endpoint/evaluate-endpoint.js';
export { type EvaluateCheckpointOptions, evaluateCheckpoint } from './evaluate-checkpoint.js';
export type { EvaluationOptions, EvaluationProgress } from './evaluation/evaluate-sets.js';
export { writeResults } from './evaluation/evaluation-results.js';
export { createFolderStore, type EvaluationStore } from './evaluation/evaluation-store.js';
export type { FinishedEvaluation } from './evaluation/finished-evaluation.js';
export type { QuestionSet } from './evaluation/question-set.js';
export type { EvaluatedSet, Evaluation } from './evaluation/score-set.js';
export type { SelfConsistency } from './evaluation/self-consistency.js';
export { type ComparedPair, evaluationDifferences } from './evaluation-differences.js';
export {
  type Leaderboard,
  type LeaderboardOptions,
  type LeaderboardRow,
  leaderboard,
} from './leaderboard/leaderboard.js';
export {
  type ReadResultFilesOptions,
  type ResultFiles,
  readResultFiles,
} from './leaderboard/read-result-files.js';
export type { BenchmarkFigure, LeftOutFile, ResultFile } from './leaderboard/result-file.js';
export type { AnswerRecall } from './retrieval/answer-recall.js';
export {
  type CorpusFacts,
  type OpenSearchSourceOptions,
  openSearchSource,
  type SearchSource,
} from './retrieval/search-source.js';
export {
  type RunDirectoryReport,
  type RunDirectoryReportOptions,
  writeRunDirectoryReport,
} from './run-directory-report.js';
export { type RunningViewer, type ServeViewerOptions, serveViewer } from './viewer/serve-viewer.js';
